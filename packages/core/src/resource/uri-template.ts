import { HopwiseError } from "../errors.ts";
import { decodedOnce } from "./normal-uri.ts";

/** A URI that exactly one template stands for, and the values that it has for the template's names. */
export interface MatchedUri {
  readonly template: string;
  readonly values: { readonly [name: string]: string };
}

/** How a server will read a URI. */
export interface ReadUri extends MatchedUri {
  /** The URI as its template writes these values, where the server can tell. */
  readonly written?: string | undefined;
}

/** What a template makes of a URI; undefined where it does not stand for it. */
export type UriTemplate = (uri: string) => MatchedUri | undefined;

/** Whether an entry of a tool map is named after URIs of resources, and not after a tool. */
export function isUriTemplate(name: string): boolean {
  return name.includes("://");
}

/** The characters of a value: those that RFC 6570 leaves as they are, and others percent-encoded. */
const VALUE = "(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+";
const NOT_IN_VALUES = /[^A-Za-z0-9._~%-]/;

/**
 * Reads a URI template of the simplest form of RFC 6570: texts, and names in braces. For everything else two readers may
 * find different values in one URI, and the handler is another reader.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export function readUriTemplate(template: string): UriTemplate {
  const refuse = (why: string): never => {
    throw new HopwiseError("config_invalid", `tools: "${template}" cannot be a URI template: ${why}`);
  };
  // Texts and names in turn: a text first and last.
  const parts = template.split(/\{([A-Za-z0-9_]+)\}/);
  const texts = parts.filter((_, i) => i % 2 === 0);
  const names = parts.filter((_, i) => i % 2 === 1);
  if (!/^[\x21-\x7e]+$/.test(template) || texts.some((text) => /[{}]/.test(text))) {
    refuse('beside plain text it may have names in braces, such as "shop://orders/{id}"');
  }
  if (new Set(names).size < names.length) refuse("a name stands in it twice");
  if (texts.slice(1, -1).some((text) => !NOT_IN_VALUES.test(text))) {
    refuse('between two names stands something that could be part of a value; put a "/" there');
  }
  if (names.includes("__proto__")) refuse("a name is not allowed");
  if (names.length > 0 && !["x", "1"].some((value) => isNormal(texts.join(value)))) refuse(neverRead(texts));
  const pattern = new RegExp(`^${texts.map(escaped).join(`(${VALUE})`)}$`);
  return (uri) => {
    const found = pattern.exec(uri);
    if (found === null) return undefined;
    const values = found.slice(1).map(decoded);
    // A server of the MCP SDK reads the URI in the normal form of the URL standard: without `..`, for example.
    if (values.includes(undefined) || (names.length > 0 && !isNormal(uri))) return undefined;
    return { template, values: Object.freeze(Object.fromEntries(names.map((name, i) => [name, values[i] as string]))) };
  };
}

/** Undefined also for a way up, which readers of URLs take out. */
function decoded(written: string): string | undefined {
  const value = decodedOnce(written);
  return value === "." || value === ".." ? undefined : value;
}

/** What can stand for no URI would hide its resource, and no denial of it would say why. */
function neverRead(texts: readonly string[]): string {
  const filled = texts.join("x");
  const normal = URL.canParse(filled) ? `, as in "${new URL(filled).href}"` : "";
  return `no URI is written so; write the scheme, the host and the path as a URL has them${normal}`;
}

function isNormal(uri: string): boolean {
  return URL.canParse(uri) && new URL(uri).href === uri;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
