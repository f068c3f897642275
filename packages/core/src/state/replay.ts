type Awaitable<T> = T | Promise<T>;

/** Remembers proofs, so that each is good for once. */
export interface ReplayStore {
  /**
   * Takes a key if nobody has: true for the first, false for everybody after, also at the same moment. Must remember
   * at least until `untilMs` (milliseconds since the epoch). Throws where it cannot tell: that denies.
   */
  claim(key: string, untilMs: number): Awaitable<boolean>;
  /**
   * Seconds since the epoch. Proofs made before are refused, because this store may have forgotten them; leave it out
   * where the store outlives the process.
   */
  readonly notBefore?: number;
}

export interface MemoryReplayOptions {
  /** Most proofs remembered at once; beyond, calls are denied with `state_unavailable`. Default one million. */
  readonly maxProofs?: number;
  /** Since when this memory can vouch for proofs, in milliseconds. Default: when the process began. */
  readonly since?: number;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

/**
 * Remembers proofs in memory, for one process. Two authorizers with the same audience must share it.
 *
 * What an earlier process saw is forgotten, so proofs made before this process began are refused.
 */
export function memoryReplay(options: MemoryReplayOptions = {}): ReplayStore {
  const { maxProofs = 1_000_000, since = performance.timeOrigin, clock = Date.now } = options;
  const seen = new Map<string, number>();
  let forgottenUntil = 0;

  // Proofs come in nearly in the order in which they lapse: looking at the oldest few is enough to stay small.
  const forget = (now: number): void => {
    for (const [key, until] of seen) {
      if (until > now) return;
      seen.delete(key);
      forgottenUntil = Math.max(forgottenUntil, until);
    }
  };

  return {
    notBefore: Math.ceil(since / 1000),
    claim: (key, untilMs) => {
      const now = clock();
      // What is over already would be forgotten at once, and good again: then the caller's clock is not this one.
      if (untilMs <= now) throw new Error(`the clocks of the authorizer and of this store differ by a minute or more`);
      forget(now);
      // Where a clock jumped, what lives no longer than something forgotten may be that very thing.
      if (seen.has(key) || untilMs <= forgottenUntil) return false;
      if (seen.size >= maxProofs) throw new Error(`more than ${maxProofs} live proofs`);
      seen.set(key, untilMs);
      return true;
    },
  };
}
