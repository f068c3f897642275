/*
 * What comes of another realm is of other classes: `instanceof` does not know it. Jest runs tests in a realm of its own, while
 * `structuredClone`, `fetch` and Node's own errors are of the one outside; code that a model wrote may run in a context of `node:vm`.
 */

/** JavaScript's own classes that are told apart here. */
interface Kinds {
  readonly Date: Date;
  readonly Error: Error;
  readonly Map: ReadonlyMap<unknown, unknown>;
  readonly Set: ReadonlySet<unknown>;
}

/** Whether a value is of one of JavaScript's own classes, of whichever realm. */
export function isKind<Kind extends keyof Kinds>(value: unknown, kind: Kind): value is Kinds[Kind] {
  return Object.prototype.toString.call(value) === `[object ${kind}]`;
}

/** Whether an object is of no class: its prototype is that of literals in some realm, or none. */
export function isOfLiterals(object: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(object);
  if (prototype === null || prototype === Object.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf");
}
