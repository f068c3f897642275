import { HopwiseError } from "../errors.ts";
import { CLOCK, maybe, mustBe, number, optionsOf, type Rows, secondsBy, whole } from "../options/index.ts";

type Awaitable<T> = T | Promise<T>;

/** Remembers proofs, so that each is good for one call. */
export interface ReplayStore {
  /**
   * Claims a key: true for the first caller, false for every later one, even at the same moment. Must remember the key
   * at least until `untilSeconds` (since the epoch). Throws where it cannot tell: then the call is denied.
   *
   * @param madeAtSeconds what the proof says of itself, where only a time window ends its life. Authorizers may share a store
   *   and differ in `proofWindowSeconds`: what one of them let it forget may still be good for another. So false, too, for a
   *   proof that was made no later than one that was forgotten.
   */
  claim(key: string, untilSeconds: number, madeAtSeconds?: number): Awaitable<boolean>;
  /**
   * Seconds since the epoch, with their fraction. Proofs and nonces made before this time are refused, because the store
   * may have forgotten them; leave it out where the store outlives the process.
   */
  readonly notBefore?: number;
}

export interface MemoryReplayOptions {
  /** Most proofs remembered at once; beyond, calls are denied with `state_unavailable`. Default one million. */
  readonly maxProofs?: number;
  /** Since when this memory has seen every proof, in milliseconds since the epoch. Default: when the process began. */
  readonly since?: number;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

export const MEMORY_ROWS: Rows<MemoryReplayOptions> = {
  maxProofs: maybe(whole({ min: 1, max: 10_000_000, example: 1_000_000 })),
  since: maybe(number({ min: 0, max: Number.MAX_SAFE_INTEGER, example: 0 })),
  clock: maybe(CLOCK),
};

const readOptions = optionsOf<MemoryReplayOptions>("memoryReplay", MEMORY_ROWS);

/**
 * Remembers proofs in memory, for one process. Two authorizers with the same audience must share it. Where their
 * `proofWindowSeconds` differ, the longer one holds for proofs that the shorter one's memory still covers: older ones are
 * refused as used.
 *
 * It does not know the proofs that an earlier process saw, so proofs and nonces made before this process began are
 * refused; and for one proof window, those that say they were made later than now.
 */
export function memoryReplay(options: MemoryReplayOptions = {}): ReplayStore {
  const { maxProofs = 1_000_000, since = performance.timeOrigin, clock = Date.now } = readOptions(options);
  /** What each proof says when it was made. */
  const seen = new Map<string, number>();
  /** By the second in which they lapse, in whatever order they come: a late one keeps nobody else. */
  const lapsing = new Map<number, string[]>();
  let looked = 0;
  // The latest of all that was forgotten.
  let forgottenUntil = 0;
  let forgottenMadeAt = 0;

  const forget = (now: number): void => {
    if (Math.floor(now) === looked) return;
    looked = Math.floor(now);
    for (const [second, keys] of lapsing) {
      if (second > now) continue;
      lapsing.delete(second);
      for (const key of keys) {
        forgottenMadeAt = Math.max(forgottenMadeAt, seen.get(key) ?? 0);
        seen.delete(key);
      }
      forgottenUntil = Math.max(forgottenUntil, second);
    }
  };

  return {
    notBefore: since / 1000,
    claim: (key, untilSeconds, madeAtSeconds) => {
      if (typeof key !== "string") mustBe("claim", "key", "the key of a proof", key);
      // One that never lapses by any comparison would be forgotten at once.
      if (!Number.isFinite(untilSeconds)) mustBe("claim", "untilSeconds", "seconds since the epoch", untilSeconds);
      if (madeAtSeconds !== undefined && !Number.isFinite(madeAtSeconds)) {
        mustBe("claim", "madeAtSeconds", "seconds since the epoch", madeAtSeconds);
      }
      const now = secondsBy(clock);
      // This clock would forget the proof at once, and it would be good again: the caller's clock differs.
      if (untilSeconds <= now)
        throw new HopwiseError(
          "state_unavailable",
          "the clocks of the authorizer and of this store differ by a minute or more",
        );
      forget(now);
      if (seen.has(key)) return false;
      // After a jump of the clock, or for a longer window, what is no later than a forgotten proof may be that very proof.
      if (untilSeconds <= forgottenUntil) return false;
      if (madeAtSeconds !== undefined && madeAtSeconds <= forgottenMadeAt) return false;
      if (seen.size >= maxProofs) throw new HopwiseError("state_unavailable", `more than ${maxProofs} live proofs`);
      seen.set(key, madeAtSeconds ?? 0);
      const second = Math.ceil(untilSeconds);
      const others = lapsing.get(second);
      if (others === undefined) lapsing.set(second, [key]);
      else others.push(key);
      return true;
    },
  };
}
