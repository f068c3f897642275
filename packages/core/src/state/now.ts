import { HopwiseError } from "../errors.ts";

/**
 * What a memory's clock says, in seconds since the epoch, with their fraction. A clock that gives no time would make every
 * comparison with it false: everything would count as lapsed, and be forgotten.
 */
export function nowBy(clock: () => number): number {
  const milliseconds = clock();
  if (!Number.isFinite(milliseconds)) throw new HopwiseError("state_unavailable", "the clock gave no time");
  return milliseconds / 1000;
}
