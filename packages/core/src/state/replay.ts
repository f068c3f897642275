import { HopwiseError } from "../errors.ts";
import { type Awaitable, onceInProcess } from "../lib/index.ts";
import { CLOCK, isInSeconds, maybe, optionsOf, type Rows, secondsBy, such, whole } from "../options/index.ts";
import { checkClocks } from "./clocks.ts";
import { mayBeForgotten } from "./forgotten-proofs.ts";
import { createLapsing } from "./lapsing.ts";
import { memoryBegan } from "./memory-began.ts";
import { readStep } from "./read-step.ts";
import { createShares } from "./shares.ts";

/** What a store may know of the proof that is claimed. */
export interface ClaimAbout {
  /**
   * What the proof says of itself, in seconds since the epoch, where only a time window ends its life. Authorizers may share
   * a store and differ in `proofWindowSeconds`: what one of them let it forget may still be good for another. So a store that
   * forgets says false, too, for a proof that was made no later than one that was forgotten; or it throws, where its clock was
   * ahead then, and nothing can be told of the time until it comes.
   */
  readonly madeAtSeconds?: number;
  /** The caller's clock, in seconds since the epoch. A store whose own clock is more than 5 seconds from it refuses. */
  readonly nowSeconds?: number;
  /**
   * Whose the proof is: a user, as a text, and the root of the chain. Neither may fill the store for all others: beyond
   * its share, a claim throws. Left out for what is nobody's, such as a nonce, which is claimed once its proof was.
   */
  readonly owner?: string;
  readonly root?: string;
}

/** Remembers proofs, so that each is good for one call. */
export interface ReplayStore {
  /**
   * Claims a key: true for the first caller, false for every later one, even at the same moment. Must remember the key
   * at least until `untilSeconds` (since the epoch). Throws where it cannot tell: then the call is denied. An end that is
   * past by the store's own clock is refused as another clock: kept until then, it would be good again at once.
   */
  claim(key: string, untilSeconds: number, about?: ClaimAbout): Awaitable<boolean>;
  /**
   * Seconds since the epoch, with their fraction. Proofs and nonces made before this time are refused, because the store
   * may have forgotten them; leave it out where the store outlives the process. See {@link StateDriver}.
   */
  readonly notBefore?: number;
  /**
   * The longest time from the making of a proof to its end for which it remembers it, in seconds. An authorizer whose
   * `limits.proofWindowSeconds` and `limits.skewSeconds` are together longer is refused. Left out, or undefined as long as it
   * is not known: whatever is needed.
   */
  readonly longestWindowSeconds?: number | undefined;
}

export interface MemoryReplayOptions {
  /** Most proofs remembered at once; beyond, calls are denied with `state_unavailable`. Default one million. */
  readonly maxProofs?: number;
  /** Most proofs of one root that are remembered at once, so that no agent fills the store for all. Default: a tenth of `maxProofs`. */
  readonly maxProofsOfRoot?: number;
  /** The same of one user. Default: a quarter of `maxProofs`. */
  readonly maxProofsOfUser?: number;
  /**
   * Since when this memory has seen every proof, in milliseconds since the epoch. Default: of the first memory of a process,
   * when that began; of any other, when it is made, since it has not seen what another one let in.
   */
  readonly since?: number;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

export const MEMORY_ROWS: Rows<MemoryReplayOptions> = {
  maxProofs: maybe(whole({ min: 1, max: 10_000_000, example: 1_000_000 })),
  maxProofsOfRoot: maybe(whole({ min: 1, max: 10_000_000, example: 100_000 })),
  maxProofsOfUser: maybe(whole({ min: 1, max: 10_000_000, example: 250_000 })),
  since: maybe(
    such(
      "milliseconds (not seconds) since the epoch, such as Date.now(), or 0 for a memory that forgot nothing",
      isBeginning,
    ),
  ),
  clock: maybe(CLOCK),
};

function isBeginning(value: unknown): boolean {
  if (typeof value !== "number" || isInSeconds(value)) return false;
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

interface MemoryReplay extends ReplayStore {
  /** @throws {HopwiseError} `state_unavailable` where no proof could be taken that is made now, whosever it is */
  checkRoom(): void;
}

const readOptions = optionsOf<MemoryReplayOptions>("memoryReplay", MEMORY_ROWS);

const MEMORIES = onceInProcess("memories/1", () => new WeakSet<object>());

/** Whether it is known that no other process remembers with this one. */
export function isOfOneProcess(replay: ReplayStore): boolean {
  return MEMORIES.has(replay);
}

/** Notes of a memory that it is one. */
export function inOneProcess(replay: ReplayStore): ReplayStore {
  MEMORIES.add(replay);
  return replay;
}

/** One proof, with whose shares it takes a part of. */
interface Seen {
  readonly madeAt: number;
  readonly sharers: readonly string[];
}

/**
 * Remembers proofs in memory, for one process. Two authorizers with the same audience must share it. Where their
 * `proofWindowSeconds` differ, the longer one holds for proofs that the shorter one's memory still covers: older ones are
 * refused as used.
 *
 * It does not know the proofs that an earlier process saw, nor those that another memory of this process saw, so proofs and
 * nonces made before it began are refused; and for one proof window, those that say they were made later than now.
 */
export function memoryReplay(options: MemoryReplayOptions = {}): ReplayStore {
  const { checkRoom: _, ...replay } = replayInMemory(readOptions(options));
  return inOneProcess(replay);
}

/** The same, of options that were read, for the driver that says how it is. */
export function replayInMemory(options: MemoryReplayOptions): MemoryReplay {
  const { maxProofs = 1_000_000, since = memoryBegan(), clock = Date.now, ...most } = options;
  const { maxProofsOfRoot = Math.ceil(maxProofs / 10), maxProofsOfUser = Math.ceil(maxProofs / 4) } = most;
  const seen = new Map<string, Seen>();
  const shares = createShares(maxProofsOfUser, maxProofsOfRoot);
  let forgotten = { untilSeconds: 0, madeAtSeconds: 0 };

  const lapsing = createLapsing((key, second) => {
    const { madeAt, sharers } = seen.get(key) as Seen;
    forgotten = {
      untilSeconds: Math.max(forgotten.untilSeconds, second),
      madeAtSeconds: Math.max(forgotten.madeAtSeconds, madeAt),
    };
    seen.delete(key);
    shares.giveBack(sharers);
  });

  const remember = (key: string, untilSeconds: number, about: ClaimAbout): void => {
    mustHaveRoom(seen, maxProofs);
    const { madeAtSeconds = 0 } = about;
    seen.set(key, { madeAt: madeAtSeconds, sharers: shares.take(about) });
    lapsing.add(key, untilSeconds);
  };

  return {
    notBefore: since / 1000,
    claim: (...given) => {
      const [key, untilSeconds, about] = readStep.claim(...given);
      const now = secondsBy(clock);
      checkClocks(now, about.nowSeconds, [{ untilSeconds }]);
      const { madeAtSeconds } = about;
      lapsing.forget(now);
      if (seen.has(key) || mayBeForgotten({ untilSeconds, madeAtSeconds }, forgotten, now)) return false;
      remember(key, untilSeconds, about);
      return true;
    },
    checkRoom: () => {
      const now = secondsBy(clock);
      lapsing.forget(now);
      mustHaveRoom(seen, maxProofs);
      mayBeForgotten({ untilSeconds: now + USUAL_SECONDS, madeAtSeconds: now }, forgotten, now);
    },
  };
}

/** How long a proof is good where its authorizer says nothing else. */
const USUAL_SECONDS = 60;

function mustHaveRoom({ size }: ReadonlyMap<string, Seen>, most: number): void {
  if (size >= most) throw new HopwiseError("state_unavailable", `more than ${most} live proofs`);
}
