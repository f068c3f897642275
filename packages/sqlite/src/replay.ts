import {
  type ClaimAbout,
  checkClocks,
  mayBeForgotten,
  type ProofTimes,
  type ReplayStore,
  readStep,
} from "@hopwise/core/state";
import { nameOf } from "./arguments.ts";
import { unavailable } from "./faults.ts";
import type { Moment, Store } from "./store.ts";
import { sweepProofs } from "./sweep.ts";

/** A proof as it is kept. */
interface Proof {
  readonly key: Uint8Array;
  readonly ends: number;
  readonly made: number;
  readonly user: Uint8Array | null;
  readonly root: Uint8Array | null;
}

/** So long a proof is remembered beyond the longest window, in seconds: clocks may be set. */
const SLACK_SECONDS = 60;
/** A window is a difference of times with their fractions. */
const ROUNDING = 0.5;
/** How often room is made before a claim is refused. */
const MOST_SWEEPS = 10;

/** The memory of proofs, in the file. */
export function sqliteReplay(store: Store): ReplayStore {
  const claim = (at: Moment, key: string, untilSeconds: number, about: ClaimAbout): boolean => {
    const { nowSeconds = at.now, madeAtSeconds, owner, root } = about;
    const longestWindowSeconds = at.meta.longestWindow;
    checkClocks(at.now, nowSeconds, [{ untilSeconds }]);
    if (
      madeAtSeconds !== undefined &&
      untilSeconds - Math.max(nowSeconds, madeAtSeconds) > longestWindowSeconds + ROUNDING
    ) {
      throw unavailable(
        `a proof is to be remembered for longer than longestWindowSeconds: ${longestWindowSeconds}, which this state was made with`,
      );
    }
    const proof: Proof = {
      key: nameOf("proof", key),
      ends: Math.max(untilSeconds, (madeAtSeconds ?? Number.NEGATIVE_INFINITY) + longestWindowSeconds + SLACK_SECONDS),
      made: madeAtSeconds ?? 0,
      user: owner === undefined ? null : nameOf("user", owner),
      root: root === undefined ? null : nameOf("root", root),
    };
    return isNew(at, proof, about, untilSeconds) && remember(at, proof);
  };

  const remember = (at: Moment, proof: Proof): boolean => {
    makeRoom(at, proof, store);
    const { key, ends, made, user, root } = proof;
    at.sql("INSERT INTO proof (key, ends, made, user, root) VALUES (?, ?, ?, ?, ?)").run(key, ends, made, user, root);
    return true;
  };

  return {
    get notBefore() {
      return store.since;
    },
    get longestWindowSeconds() {
      return store.longestWindowSeconds;
    },
    claim: async (...given) => {
      const [key, untilSeconds, about] = readStep.claim(...given);
      return store.write((at) => claim(at, key, untilSeconds, about));
    },
  };
}

function isNew(at: Moment, { key }: Proof, { madeAtSeconds }: ClaimAbout, untilSeconds: number): boolean {
  const isKnown = at.sql("SELECT 1 FROM proof WHERE key = ?").get(key) !== undefined;
  return !isKnown && !mayBeForgotten({ untilSeconds, madeAtSeconds }, forgottenIn(at), at.now);
}

function forgottenIn({ meta }: Moment): Required<ProofTimes> {
  return { untilSeconds: meta.forgottenUntil, madeAtSeconds: meta.forgottenMade };
}

/** @throws {HopwiseError} where no proof could be taken that is made now, whosever it is */
export function checkTaking(at: Moment, store: Store): void {
  makeRoom(at, { user: null, root: null }, store);
  const { now, meta } = at;
  mayBeForgotten({ untilSeconds: now + meta.longestWindow, madeAtSeconds: now }, forgottenIn(at), now);
}

/** Whose shares a proof takes a part of. */
type Sharers = Pick<Proof, "user" | "root">;

/** What ended takes room until it is swept. @throws {HopwiseError} where there is none for one more proof of these sharers, or of nobody */
function makeRoom(at: Moment, sharers: Sharers, store: Store): void {
  for (let swept = 0; ; swept++) {
    const full = firstFull(at, sharers, store);
    if (full === undefined) return;
    if (swept === MOST_SWEEPS || sweepProofs(at) === 0) throw unavailable(full);
  }
}

/** The first share that has no room. */
function firstFull({ sql }: Moment, { user, root }: Sharers, { settings }: Store): string | undefined {
  const shares: readonly (readonly [Uint8Array | null, number, string])[] = [
    [user, settings.maxProofsOfUser, " of one user"],
    [root, settings.maxProofsOfRoot, " of one root"],
    [new Uint8Array(), settings.maxProofs, ""],
  ];
  for (const [sharer, most, whose] of shares) {
    if (sharer === null) continue;
    const found = sql("SELECT taken FROM share WHERE sharer = ?").get(sharer);
    if (Number(found?.["taken"] ?? 0) >= most) return `more than ${most} live proofs${whose}`;
  }
  return undefined;
}
