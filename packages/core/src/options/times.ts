import { mustBe } from "./read-options.ts";
import { type Shape, such } from "./shapes.ts";

/*
 * Times since the epoch. Whether one is in seconds or in milliseconds, its type does not say; a time of one kind, read as
 * the other, lies so far away that nobody meant it: then nothing would ever be over, or everything.
 */

/** As seconds this lies in the year 5138; as milliseconds, in 1973. */
const NO_SECONDS = 1e11;

const WHEN = "seconds since the epoch, not milliseconds, such as Math.floor(Date.now() / 1000)";

/** A time in seconds since the epoch, and not before it, which may have a fraction. */
export const SECONDS: Shape = such(WHEN, isSeconds);

/** The same as tokens have it: whole. */
export const WHOLE_SECONDS: Shape = such(`whole ${WHEN}`, (value) => isSeconds(value) && Number.isInteger(value));

function isSeconds(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0 && (value as number) < NO_SECONDS;
}

/** Checks a time by hand: for what is called at each request. @throws {HopwiseError} `config_invalid` */
export function checkSeconds(called: string, name: string | readonly PropertyKey[], value: unknown): void {
  if (!isSeconds(value)) mustBe(called, name, WHEN, value);
}
