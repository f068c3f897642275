import { CLOCK, maybe, number, optionsOf, type Rows, whole } from "../options/index.ts";
import { nowBy } from "./now.ts";

type Awaitable<T> = T | Promise<T>;

/** Remembers proofs, so that each is good for one call. */
export interface ReplayStore {
  /**
   * Claims a key: true for the first caller, false for every later one, even at the same moment. Must remember the key
   * at least until `untilSeconds` (since the epoch). Throws where it cannot tell: then the call is denied.
   */
  claim(key: string, untilSeconds: number): Awaitable<boolean>;
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
 * Remembers proofs in memory, for one process. Two authorizers with the same audience must share it.
 *
 * It does not know the proofs that an earlier process saw, so proofs and nonces made before this process began are
 * refused; and for one proof window, those that say they were made later than now.
 */
export function memoryReplay(options: MemoryReplayOptions = {}): ReplayStore {
  const { maxProofs = 1_000_000, since = performance.timeOrigin, clock = Date.now } = readOptions(options);
  const seen = new Map<string, number>();
  let forgottenUntil = 0;

  // Proofs arrive nearly in the order in which they lapse: forgetting the oldest few keeps the memory small.
  const forget = (now: number): void => {
    for (const [key, until] of seen) {
      if (until > now) return;
      seen.delete(key);
      forgottenUntil = Math.max(forgottenUntil, until);
    }
  };

  return {
    notBefore: since / 1000,
    claim: (key, untilSeconds) => {
      const now = nowBy(clock);
      // This clock would forget the proof at once, and it would be good again: the caller's clock differs.
      if (untilSeconds <= now)
        throw new Error(`the clocks of the authorizer and of this store differ by a minute or more`);
      forget(now);
      // After a jump of the clock, a proof that lapses no later than a forgotten one may be that very proof.
      if (seen.has(key) || untilSeconds <= forgottenUntil) return false;
      if (seen.size >= maxProofs) throw new Error(`more than ${maxProofs} live proofs`);
      seen.set(key, untilSeconds);
      return true;
    },
  };
}
