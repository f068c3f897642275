import { plainName } from "./plain-text.ts";

/** How many names are listed, and how long one may be: a refusal is one line. */
const LISTED = 4;
const LONGEST = 100;

/** Names in a text for operators, each once: `"a", "b" and 3 more`. */
export function listed(names: readonly string[]): string {
  const distinct = [...new Set(names)];
  const more = distinct.length > LISTED ? ` and ${distinct.length - LISTED} more` : "";
  return `${distinct.slice(0, LISTED).map(quoted).join(", ")}${more}`;
}

function quoted(name: string): string {
  const safe = plainName(name).replaceAll('"', '\\"');
  return `"${safe.length > LONGEST ? `${safe.slice(0, LONGEST)}…` : safe}"`;
}
