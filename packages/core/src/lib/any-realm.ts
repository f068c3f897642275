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

/** Throws of a value that is not of the class, whatever that calls itself. */
const ASKED: { readonly [Kind in keyof Kinds]: (value: object) => unknown } = {
  Date: (value) => Date.prototype.getTime.call(value),
  Map: (value) => Map.prototype.has.call(value, undefined),
  Set: (value) => Set.prototype.has.call(value, undefined),
  // They have nothing that could be asked, and no tag of their own.
  Error: (value) => {
    if (!(value instanceof Error) && Symbol.toStringTag in value) throw new TypeError();
  },
};
const OWN = { Date, Error, Map, Set } as const;

/**
 * Whether a value is of one of JavaScript's own classes, or of one below it, of whichever realm. By its tag alone any class could say so:
 * a model that calls itself `Date` would be shown as it is, without its `toJSON`.
 */
export function isKind<Kind extends keyof Kinds>(value: unknown, kind: Kind): value is Kinds[Kind] {
  if (typeof value !== "object" || value === null) return false;
  try {
    // What throws costs much: first what does not.
    const mayBe = value instanceof OWN[kind] || Object.prototype.toString.call(value) === `[object ${kind}]`;
    if (!mayBe) return false;
    ASKED[kind](value);
    return true;
  } catch {
    return false;
  }
}

/** Whether an object is of no class: its prototype is that of literals in some realm, or none. */
export function isOfLiterals(object: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(object);
  if (prototype === null || prototype === Object.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf");
}
