import { HopwiseError } from "../errors.ts";

/** How far the clocks of a store and of its caller may lie apart, in seconds. */
const CLOCKS_APART = 5;

/**
 * Refuses a step where clocks differ: a store whose clock is ahead would forget too soon, and what was used would be good
 * again.
 *
 * @param callerSeconds what the caller says it is, in seconds since the epoch, where it says so
 * @param kept what the step is to keep, and until when: what is past would be forgotten at once
 * @throws {HopwiseError} `state_unavailable`
 */
export function checkClocks(
  storeSeconds: number,
  callerSeconds: number = storeSeconds,
  kept: readonly { readonly untilSeconds: number }[] = [],
): void {
  // What is no time is no time of the store's either.
  const isNear = Math.abs(storeSeconds - callerSeconds) <= CLOCKS_APART;
  if (isNear && kept.every(({ untilSeconds }) => untilSeconds > storeSeconds)) return;
  throw new HopwiseError(
    "state_unavailable",
    "the clocks of the authorizer and of this store differ by seconds or more",
  );
}
