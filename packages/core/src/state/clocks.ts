import { HopwiseError } from "../errors.ts";

/** How far the clocks of a store and of its caller may lie apart, in seconds. */
const CLOCKS_APART = 5;

/** A store whose clock is ahead would forget too soon, and what was used would be good again. @throws {HopwiseError} `state_unavailable` */
export function checkClocks(storeSeconds: number, callerSeconds: number = storeSeconds): void {
  // What is no time is no time of the store's either.
  if (!(Math.abs(storeSeconds - callerSeconds) <= CLOCKS_APART)) refuseClocks();
}

export function refuseClocks(): never {
  throw new HopwiseError(
    "state_unavailable",
    "the clocks of the authorizer and of this store differ by seconds or more",
  );
}
