import { secondsBy } from "../options/index.ts";

/**
 * A clock in whole seconds since the epoch, of one in milliseconds.
 *
 * @throws {HopwiseError} `state_unavailable`, when it is asked and gives no time
 */
export function inSeconds(clock: () => number): () => number {
  return () => Math.floor(secondsBy(clock));
}
