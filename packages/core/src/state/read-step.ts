import { mustBe, reading } from "../options/index.ts";

type Place = readonly PropertyKey[];

/**
 * Reads one argument of a step of the stores in memory, or a member of it: by hand, since steps are called at each request. What
 * would be misread must not be kept: an end that is no time never comes, and one without a name stands for all.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export type Reader<T> = (called: string, place: Place, value: unknown) => T;

export const aText: Reader<string> = (called, place, value) =>
  typeof value === "string" ? value : mustBe(called, place, "a text", value);

export const aTime: Reader<number> = (called, place, value) =>
  Number.isFinite(value) ? (value as number) : mustBe(called, place, "seconds since the epoch", value);

export const anAmount: Reader<number> = (called, place, value) =>
  Number.isSafeInteger(value) && (value as number) >= 0
    ? (value as number)
    : mustBe(called, place, "a whole number, 0 or more", value);

export function optional<T>(read: Reader<T>): Reader<T | undefined> {
  return (called, place, value) => (value === undefined ? undefined : read(called, place, value));
}

/** A copy of a list. */
export function aListOf<T>(read: Reader<T>, { min = 0, max = Number.POSITIVE_INFINITY } = {}): Reader<readonly T[]> {
  return (called, place, value) => {
    const isList = Array.isArray(value) && value.length >= min && value.length <= max;
    if (!isList)
      return mustBe(called, place, max < Number.POSITIVE_INFINITY ? `a list of ${min} to ${max}` : "a list", value);
    return value.map((item: unknown, i) => read(called, [...place, i], item));
  };
}

/** A copy of those members that have a row, each of which is read once; one that is not there is left out. */
export function anObjectOf<T>(rows: { readonly [Name in keyof Required<T>]: Reader<T[Name]> }): Reader<T> {
  const names = Object.keys(rows) as (keyof T & string)[];
  const what = `an object, { ${names.join(", ")} }`;
  return (called, place, value) =>
    reading(called, place.join(".") || "what it takes", what, value as T, (given) => {
      const read = names.map((name) => [name, rows[name](called, [...place, name], given[name])] as const);
      return Object.fromEntries(read.filter(([, member]) => member !== undefined)) as T;
    });
}
