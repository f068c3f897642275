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
