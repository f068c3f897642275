import type { UrlConstraint } from "./constraint.ts";

/**
 * An absolute POSIX path that means one thing to everybody: nothing to resolve (`.`, `..`, empty segments), nothing to
 * decode (`%`), nothing that another system takes for a separator or an end (`\\`, NUL). Such paths are refused rather
 * than resolved: a resolver that differs from the tool's would open a way out.
 */
export function isCleanPath(path: string): boolean {
  if (path === "/") return true;
  if (!path.startsWith("/") || /[%\\\0]/.test(path)) return false;
  return path
    .slice(1)
    .split("/")
    .every((segment) => segment !== "" && segment !== "." && segment !== "..");
}

/** Whether a clean path is a root or lies below it, segment by segment. */
export function isAtOrBelow(path: string, root: string): boolean {
  return root === "/" || path === root || path.startsWith(`${root}/`);
}

/** Bytes that a server may decode into a dot or a separator after the check. */
const ENCODED_SEPARATOR = /%(?:2e|2f|5c|00)/i;

/**
 * Whether a text is a URL of these origins, at or below the path. It must equal its own serialisation (WHATWG URL), so
 * that there is one spelling only: no `0x7f.1`, no default port, no upper-case host, no dot segments. No user
 * information, no fragment, no encoded dots or separators.
 */
export function passesUrl({ origins, under = "/" }: UrlConstraint, text: string): boolean {
  const url = parseUrl(text);
  if (url?.href !== text) return false;
  if (url.username !== "" || url.password !== "" || text.includes("#")) return false;
  if (ENCODED_SEPARATOR.test(text) || text.includes("\\")) return false;
  return origins.includes(originOf(url)) && isAtOrBelow(url.pathname === "" ? "/" : url.pathname, under);
}

/** `scheme://host:port` of the serialisation; `URL.origin` is the text "null" for all but a few schemes. */
function originOf(url: URL): string {
  return `${url.protocol}//${url.host}`;
}

/** Whether a text can stand in `origins`: exactly as it comes out of a URL's serialisation. */
export function isOrigin(text: string): boolean {
  const url = parseUrl(text);
  return url !== undefined && url.host !== "" && originOf(url) === text;
}

/** `URL.parse`, which Node 20 does not have. */
function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
