import { plainName, withoutTokens } from "./plain-text.ts";

/** How many names are listed, and how long one may be: a refusal is one line. */
const LISTED = 4;
const LONGEST = 100;

/** Names in a text for operators, each once: `"a", "b" and 3 more`. */
export function listed(names: readonly string[]): string {
  const distinct = [...new Set(names)];
  const more = distinct.length > LISTED ? ` and ${distinct.length - LISTED} more` : "";
  return `${distinct.slice(0, LISTED).map(quoted).join(", ")}${more}`;
}

/** Both sides of a name that does not fit, for operators; it may be of any type that a stranger sent. */
export function namesAnother(named: unknown, expected: readonly string[]): string {
  return `it names ${typeof named === "string" ? listed([named]) : "none"}, and must name ${listed(expected)}`;
}

function quoted(name: string): string {
  const safe = plainName(withoutTokens(name)).replaceAll('"', '\\"');
  return `"${safe.length > LONGEST ? `${safe.slice(0, LONGEST)}…` : safe}"`;
}
