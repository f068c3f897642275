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
