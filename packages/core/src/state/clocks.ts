import { HopwiseError } from "../errors.ts";
import { mustBe } from "../options/index.ts";

/** How far the clocks of a store and of its caller may lie apart, in seconds. */
export const CLOCKS_APART = 5;

/**
 * Refuses a step where clocks differ: a store whose clock is ahead would forget too soon, and what was used would be good
 * again.
 *
 * @param callerSeconds what the caller says it is, in seconds since the epoch, where it says so
 * @param kept what the step is to keep, and until when: what is past would be forgotten at once
 * @throws {HopwiseError} `state_unavailable`; `config_invalid` for what is no list of what is kept
 */
export function checkClocks(
  storeSeconds: number,
  callerSeconds: number = storeSeconds,
  kept: readonly { readonly untilSeconds: number }[] = [],
): void {
  // What is no time is no time of the store's either.
  const areTimes = Number.isFinite(storeSeconds) && Number.isFinite(callerSeconds);
  const isNear = areTimes && Math.abs(storeSeconds - callerSeconds) <= CLOCKS_APART;
  if (isNear && endsOf(kept).every((end) => end > storeSeconds)) return;
  throw new HopwiseError(
    "state_unavailable",
    "the clocks of the authorizer and of this store differ by seconds or more",
  );
}

function endsOf(kept: readonly { readonly untilSeconds: number }[]): readonly number[] {
  try {
    if (Array.isArray(kept)) return Array.from(kept, ({ untilSeconds }) => untilSeconds);
  } catch {
    // Told as what it is: something that fails when it is read.
  }
  return mustBe("checkClocks", "kept", "a list of what is kept, such as [{ untilSeconds }]", kept);
}
