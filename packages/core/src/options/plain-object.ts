import { isOfLiterals, strayMember } from "../lib/index.ts";

/**
 * Whether a value is an object as a literal or JSON gives it, of whichever realm: no list, no promise, of no class, and all
 * that it says stands in its own named members. A `Map`, a `Date` or an object that inherits its members would be read as one
 * that has none, and a symbol not at all: what somebody meant would be left out without a word.
 */
export function isPlainObject(value: unknown): value is { readonly [name: string]: unknown } {
  try {
    if (typeof value !== "object" || value === null || Array.isArray(value) || isPromise(value)) return false;
    return !inherits(value) && !hasSymbols(value);
  } catch {
    return false; // a proxy fails even at this question
  }
}

/**
 * Whether an object is of a class, or of another object: its prototype is none that literals have in some realm, or has members
 * that somebody put there.
 */
export function inherits(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  return !isOfLiterals(value) || (prototype !== null && strayMember(prototype) !== undefined);
}

/** Whether an author named something by a symbol. A mark that cannot be enumerated is no member. */
export function hasSymbols(value: object): boolean {
  return Object.getOwnPropertySymbols(value).some((name) => Object.prototype.propertyIsEnumerable.call(value, name));
}

/** A promise of any make. Data has no functions, whatever its members are called. */
export function isPromise(value: unknown): boolean {
  try {
    return typeof value === "object" && typeof (value as { readonly then?: unknown } | null)?.then === "function";
  } catch {
    return false;
  }
}
