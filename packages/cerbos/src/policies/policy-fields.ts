/**
 * A member of something in a policy, by its name in JSON. Cerbos also takes the name that its protocol buffers have
 * (`derived_roles`), so this does, too.
 */
export function at(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const found = spellingsOf(name).find((it) => Object.hasOwn(value, it));
  return found === undefined ? undefined : (value as { readonly [name: string]: unknown })[found];
}

/** Both names of a member: `derivedRoles`, `derived_roles`. */
export function spellingsOf(name: string): readonly string[] {
  return [name, name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
}

/** The elements of a list; none where it is not one. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A list of texts, as roles and actions are. */
export function texts(value: unknown): readonly string[] {
  return list(value).map(String);
}

/** Names and values of a map; none where it is not one. */
export function members(value: unknown): readonly (readonly [name: string, value: unknown])[] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

/** The rule's own name, or its place: `rule 2`. */
export function nameOf(rule: unknown, index: number): string {
  const name = at(rule, "name");
  return typeof name === "string" ? name : `rule ${index + 1}`;
}

/** `EFFECT_ALLOW`, `EFFECT_DENY`: Cerbos also takes the numbers of its enumerations. */
export function effectOf(rule: unknown): string {
  const written = String(at(rule, "effect"));
  return EFFECTS[written] ?? written;
}

const EFFECTS: { readonly [written: string]: string | undefined } = { "1": "EFFECT_ALLOW", "2": "EFFECT_DENY" };

/** The version of a policy. One that is written as a number is the text of it. */
export function versionOf(policy: unknown): string {
  return String(at(policy, "version") ?? "default");
}

/** The scope of a policy; empty for the policy without one. */
export function scopeOf(policy: unknown): string {
  return String(at(policy, "scope") ?? "");
}

/**
 * The kind that Cerbos looks for where it is asked about this one: what was a name before its version 0.30 gets `_` in the place of
 * all that is no letter, digit, `_` or `.`. So `a:b`, `a/b` and `a_b` are one kind.
 */
export function sameKind(kind: string): string {
  return OLD_NAME.test(kind) ? kind.replace(/[^\w.]+/g, "_") : kind;
}

const OLD_NAME = /^[A-Za-z][\w@.\-/]*(?::[A-Za-z][\w@.\-/]*)*$/;

/** Whether a scope is the other one, or below it. All scopes are below the empty one. */
export function withinScope(scope: string, outer: string): boolean {
  return outer === "" || `${scope}.`.startsWith(`${outer}.`);
}

/** Whether one text can fit both: actions, roles and kinds may have `*`, which does not go beyond a `:`. */
export function overlap(a: string, b: string): boolean {
  return a === b || (isGlob(a) && isGlob(b)) || fits(a, b) || fits(b, a);
}

/** Whether all that fits the other fits the pattern, too. */
export function covers(pattern: string, other: string): boolean {
  return pattern === other || fits(pattern, other);
}

/** Whether the text is what the pattern says. Characters that only patterns have (`?`, `[…]`, `{…}`) fit anything. */
function fits(pattern: string, text: string): boolean {
  if (!isGlob(pattern)) return false;
  if (pattern === "*" || /[?[{]/.test(pattern)) return true;
  const parts = pattern.split(/(\*\*?)/).map((it) => PARTS[it] ?? it.replace(/[\\^$.|+()\]}]/g, "\\$&"));
  return new RegExp(`^${parts.join("")}$`, "s").test(text);
}

const PARTS: { readonly [wildcard: string]: string | undefined } = { "*": "[^:]*", "**": ".*" };

function isGlob(text: string): boolean {
  return text.includes("*");
}
