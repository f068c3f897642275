import { HopwiseError } from "../errors.ts";

/**
 * A clock in whole seconds since the epoch, of one in milliseconds.
 *
 * @throws {HopwiseError} `state_unavailable`, when it is asked
 */
export function inSeconds(clock: () => number): () => number {
  return () => Math.floor(exactSeconds(clock));
}

/**
 * The time in seconds since the epoch, with their fraction. A clock that gives none would make every comparison with it
 * false, also those that refuse.
 *
 * @throws {HopwiseError} `state_unavailable`
 */
export function exactSeconds(clock: () => number): number {
  const milliseconds = clock();
  if (!Number.isFinite(milliseconds)) throw new HopwiseError("state_unavailable", "the clock gave no time");
  return milliseconds / 1000;
}

/** A time as decisions and records write it. A denial has one, too, where the clock gave no time: then that of the process. */
export function isoTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return (Number.isNaN(date.getTime()) ? new Date() : date).toISOString();
}
