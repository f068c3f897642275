/** A value that JSON can say (RFC 8259). */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object. Keys are looked up with `Object.hasOwn`, never through a prototype. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** A value that JSON writes without brackets. */
export type JsonScalar = null | boolean | number | string;

export function isScalar(value: JsonValue): value is JsonScalar {
  return value === null || typeof value !== "object";
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Whether an object has these members, and no others but those that may be there. Each name is looked at by itself: joined, two
 * names are the same text as one name with the joint in it.
 */
export function hasExactly(value: JsonObject, needed: readonly string[], further: readonly string[] = []): boolean {
  const names = Object.keys(value);
  return (
    needed.every((name) => Object.hasOwn(value, name)) &&
    names.every((name) => needed.includes(name) || further.includes(name))
  );
}

const counted = new WeakMap<JsonObject, number>();

/** How many members an object has. Of one that cannot change they are counted once, however often it is asked. */
export function memberCount(value: JsonObject): number {
  const known = counted.get(value);
  if (known !== undefined) return known;
  const count = Object.keys(value).length;
  if (Object.isFrozen(value)) counted.set(value, count);
  return count;
}

/**
 * Integers beyond 2^53 - 1 are refused everywhere: another parser may read another number there. So are numbers that no
 * finite double can hold.
 */
export function isExactNumber(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}

/** What data may be made of, for who gave something else: a whole number may be finite, and still be none. */
export const PLAIN_JSON = "finite numbers (whole ones up to 2^53 - 1), well-formed texts, lists, plain objects";

/** A key that JavaScript would treat as something other than data. */
export function isForbiddenKey(key: string): boolean {
  return key === "__proto__";
}

const SPECIAL = /[~/]/;

/** The steps of a JSON pointer (RFC 6901). */
export function stepsOf(pointer: string): readonly string[] {
  const steps = pointer === "" ? [] : pointer.slice(1).split("/");
  return steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** JSON pointer of a member (RFC 6901, section 3). */
export function pointerTo(pointer: string, key: string | number): string {
  if (typeof key === "number" || !SPECIAL.test(key)) return `${pointer}/${key}`;
  return `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
