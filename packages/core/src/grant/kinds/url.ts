import { isPlainObject, mustBe, reading } from "../../options/index.ts";
import { type Widening, wideningAt } from "../comparison.ts";
import { listAt, literalAt, memberAt, type Place, refuse } from "../reading.ts";
import { stepsThrough } from "../work.ts";
import type { Kind } from "./kind.ts";
import { cleanPathAt, isAtOrBelow } from "./path.ts";
import { missing } from "./scalars.ts";

/** A URL of one of these origins (`scheme://host` or `scheme://host:port`), at or below a path. */
export interface UrlConstraint {
  readonly constraint_type: "url";
  readonly origins: readonly string[];
  /** Default: anywhere below the origin. */
  readonly under?: string;
}

/**
 * A URL of one of these origins, at or below a path; in its one canonical spelling, and with `%5E` for a `^` before its query. It
 * judges the text alone: no name is resolved (DNS) and no redirect is followed, so what is fetched in the end may be another
 * address. Whoever fetches it must see to that.
 */
export function url(where: { origins: readonly string[]; under?: string }): UrlConstraint {
  if (!isPlainObject(where)) mustBe("url", "where", WHERE, where);
  return reading("url", "where", WHERE, where, (given) => ({ constraint_type: "url", ...given }));
}

const WHERE = '{ origins, under }, such as { origins: ["https://api.acme.example"] }';

/** Taking a URL apart costs about as much as comparing this many scalars. */
const URL_STEPS = 25;

export const urlKind: Kind<UrlConstraint> = {
  type: "url",
  members: ["origins", "under"],
  parse: (source) => {
    const origins = listAt(memberAt(source, "origins"), 1).map(originAt);
    const under = memberAt(source, "under");
    return { constraint_type: "url", origins, ...(under.value !== undefined && { under: cleanPathAt(under) }) };
  },
  cost: (_, value) => URL_STEPS + stepsThrough(value),
  passes: (constraint, value) => typeof value === "string" && passesUrl(constraint, value),
  narrower: urlWidening,
  words: ({ origins, under }) =>
    `a URL of ${origins.join(" or ")}${under === undefined ? "" : ` at or below ${JSON.stringify(under)}`}`,
};

function urlWidening(parent: UrlConstraint, child: UrlConstraint, pointer: string): Widening | undefined {
  const { origins, under = "/" } = parent;
  const added = missing(child.origins, origins);
  if (added !== undefined) return wideningAt(pointer, "origins", "a child may not add an origin", parent, added.value);
  if (isAtOrBelow(child.under ?? "/", under)) return undefined;
  return wideningAt(pointer, "under", "a path stays at or below its parent's", under, child.under ?? child);
}

/** Bytes that a server may decode into a dot or a separator after the check. */
const ENCODED_SEPARATOR = /%(?:2e|2f|5c|00)/i;

/**
 * What no URL has before its query. `^` is here since parsers differ by their age: Node 20 keeps it in a path, later ones
 * write `%5E`, so that one enforcement point would let pass what another refuses.
 */
const CARET_BEFORE_QUERY = /^[^?]*\^/;

/**
 * A dot segment with a parameter (`/..;a=b/`) is none to a URL parser. Some servers, such as Tomcat, take parameters off first and
 * resolve what is left, which leads out of the path after the check. A proxy before them may write `%3B` as `;`, as nginx does.
 */
const DOTS_WITH_PARAMETER = /^[^?]*\/\.\.?(?:;|%3b)/i;

/**
 * Whether a text is a URL of these origins, at or below the path. It must equal its own serialisation (WHATWG URL), so
 * that each URL has one spelling: `0x7f.1`, a default port, an upper-case host and dot segments are refused. So are
 * user information, a fragment, encoded dots or separators, and dot segments with a parameter.
 *
 * A text of that spelling begins with its origin, and then comes its path, its query or its end. That is looked at first:
 * there are hosts for which the parser takes long, and they would stop the whole process.
 */
function passesUrl({ origins, under = "/" }: UrlConstraint, text: string): boolean {
  if (!origins.some((origin) => isOfOrigin(text, origin))) return false;
  if (ENCODED_SEPARATOR.test(text) || /[#\\]/.test(text) || CARET_BEFORE_QUERY.test(text)) return false;
  if (DOTS_WITH_PARAMETER.test(text)) return false;
  const url = parseUrl(text);
  return url?.href === text && isAtOrBelow(url.pathname === "" ? "/" : url.pathname, under);
}

function isOfOrigin(text: string, origin: string): boolean {
  return text.startsWith(origin) && ["", "/", "?"].includes(text.charAt(origin.length));
}

/** `scheme://host:port` of the serialisation; `URL.origin` is the text "null" for all but a few schemes. */
function originOf(url: URL): string {
  return `${url.protocol}//${url.host}`;
}

function originAt(place: Place): string {
  const origin = literalAt(place);
  return isOrigin(origin) ? origin : refuse(place, "an origin such as https://docs.example is expected");
}

/** Whether a text can stand in `origins`: exactly as it comes out of a URL's serialisation. */
function isOrigin(text: string): boolean {
  const url = parseUrl(text);
  return url !== undefined && url.host !== "" && originOf(url) === text;
}

/** `URL.parse`, which Node 20 does not have. */
function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
