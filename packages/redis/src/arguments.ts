import { mustBe, reading } from "@hopwise/core/options";

/*
 * What stores are asked for at each call, read by hand. Each reader gives the members that it names, each read once.
 */

type Path = string | readonly PropertyKey[];

/** @throws {HopwiseError} `config_invalid` */
export function readText(called: string, name: Path, value: unknown): string {
  return typeof value === "string" ? value : mustBe(called, name, "a text", value);
}

/** @throws {HopwiseError} `config_invalid` */
export function readTime(called: string, name: Path, value: unknown): number {
  return Number.isFinite(value) ? (value as number) : mustBe(called, name, "seconds since the epoch", value);
}

/** @throws {HopwiseError} `config_invalid` */
export function readAmount(called: string, name: Path, value: unknown): number {
  const isAmount = Number.isSafeInteger(value) && (value as number) >= 0;
  return isAmount ? (value as number) : mustBe(called, name, "a whole number, 0 or more", value);
}

/** A list of things, each read by a reader of its own. @throws {HopwiseError} `config_invalid` */
export function readList<T>(
  called: string,
  name: string,
  most: number,
  list: unknown,
  read: (one: T) => T,
): readonly T[] {
  const what = `a list of at most ${most}`;
  if (!Array.isArray(list) || list.length > most) return mustBe(called, name, what, list);
  return list.map((one: T) => reading(called, name, what, one, read));
}
