import { HopwiseError } from "../errors.ts";

/**
 * A clock in seconds since the epoch, of one in milliseconds. One that gives no time would make every comparison with it
 * false, also those that refuse.
 *
 * @throws {HopwiseError} `state_unavailable`, when it is asked
 */
export function inSeconds(clock: () => number): () => number {
  return () => {
    const milliseconds = clock();
    if (!Number.isFinite(milliseconds)) throw new HopwiseError("state_unavailable", "the clock gave no time");
    return Math.floor(milliseconds / 1000);
  };
}

/** A time as decisions and records write it. A denial has one, too, where the clock gave no time: then that of the process. */
export function isoTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return (Number.isNaN(date.getTime()) ? new Date() : date).toISOString();
}
