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

/** A time as people write it: a month or a day, which are those of UTC, or a time of day with its zone. */
const WRITTEN = /^(\d{4}-\d\d)(-\d\d)?(?:(?<=-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(\.\d{1,9})?(Z|[+-]\d\d:\d\d))?$/;

/** What `millisecondsOf` takes as a text, for one that says what is expected. */
export const WRITTEN_TIME = "ISO 8601, such as 2026-01-31, a day of UTC, or 2026-01-31T09:00Z, a time with its zone";

/** A time as people write it, a Date or milliseconds since the epoch, in these; `NaN` for what is none. */
export function millisecondsOf(time: string | number | Date): number {
  return typeof time === "string" ? writtenTime(time) : new Date(time).getTime();
}

/**
 * `Date.parse` takes the 30th of February for the 2nd of March, and a time without a zone for that of whatever machine reads it: the
 * leak of 14:00 would be another one there.
 */
function writtenTime(text: string): number {
  const [, month, day = "-01", minutes = "00:00", seconds = ":00", fraction = "", zone = "Z"] =
    WRITTEN.exec(text) ?? [];
  if (month === undefined) return Number.NaN;
  const local = `${month}${day}T${minutes}${seconds}`;
  const read = new Date(`${local}Z`);
  // The 30th of February, and the hour 24, come out as another day.
  if (Number.isNaN(read.getTime()) || read.toISOString().slice(0, local.length) !== local) return Number.NaN;
  return Date.parse(`${local}${fraction}${zone}`);
}
