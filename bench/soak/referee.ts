/**
 * Holds the answers of all processes together, and counts what must never be. It knows no process and no clock: what it is
 * told first was first.
 */

/** What must stay at nought. */
export interface Counts {
  /** Units above a bound of a budget, over all processes, losses and levels. */
  overspent: number;
  proofsTwice: number;
  approvalsTwice: number;
  /** Allowed, although it began after the revocation was acknowledged, and ended before somebody asked to lift it. */
  afterRevocation: number;
  /** Allowed, although it began after somebody's *no* was acknowledged. */
  afterNo: number;
  /** Refused as revoked, although nobody had asked to revoke anything of it, or all of it was lifted before it began. */
  revokedWrongly: number;
  hangs: number;
  /** An error without a code, a code that nobody expects, a process that ended by itself. */
  raw: number;
}

/** One bound of a chain's budget, and what a call adds to it. */
export interface Cost {
  readonly counter: string;
  readonly most: number;
  readonly amount: number;
}

/** A call, as who makes it knows it. */
export interface Played {
  readonly proof: string;
  /** Names of all that may be revoked under it: its tokens, agents, keys. */
  readonly standsOn: readonly string[];
  readonly costs: readonly Cost[];
  /** The request that it says was approved. */
  readonly approval?: string;
}

export interface Referee {
  readonly forbidden: Readonly<Counts>;
  /** Answers to calls, by outcome or code. */
  readonly answers: ReadonlyMap<string, number>;
  /** @returns what is told of the answer */
  begins(call: Played): (code: string) => void;
  /** Somebody asks to revoke. @returns what is told once that is acknowledged */
  revokes(name: string): () => void;
  /** Somebody asks to lift. @returns what is told once that is acknowledged */
  lifts(name: string): () => void;
  /** Somebody's *no* is acknowledged. */
  denies(approval: string): void;
  hung(what: string): void;
  raw(what: string): void;
}

/** The code of a call that was allowed, and whose tool says that nothing happened: what it cost was given back. */
export const NOTHING_HAPPENED = "nothing_happened";

/** A revocation, by what came when. What did not come yet comes last. */
interface Revocation {
  readonly asked: number;
  acknowledged: number;
  liftAsked: number;
  lifted: number;
}

/** @param told of each breach, in words; of many of one kind, of the first few */
export function createReferee(told: (what: string) => void): Referee {
  const forbidden: Counts = {
    overspent: 0,
    proofsTwice: 0,
    approvalsTwice: 0,
    afterRevocation: 0,
    afterNo: 0,
    revokedWrongly: 0,
    hangs: 0,
    raw: 0,
  };
  const answers = new Map<string, number>();
  const spent = new Map<string, number>();
  const proofs = new Set<string>();
  const used = new Set<string>();
  const denied = new Set<string>();
  const revocations = new Map<string, Revocation[]>();
  const tellings = new Map<keyof Counts, number>();
  let moment = 0;

  const breach = (name: keyof Counts, what: string, units = 1): void => {
    forbidden[name] += units;
    const tellingsOfIt = (tellings.get(name) ?? 0) + 1;
    tellings.set(name, tellingsOfIt);
    if (tellingsOfIt <= MOST_TOLD) told(`${name}: ${what}`);
  };
  const isSecond = (seen: Set<string>, key: string): boolean => seen.size === seen.add(key).size;
  const under = (names: readonly string[]): readonly Revocation[] =>
    names.flatMap((name) => revocations.get(name) ?? []);

  const spend = ({ counter, most, amount }: Cost): void => {
    const before = spent.get(counter) ?? 0;
    spent.set(counter, before + amount);
    const over = Math.min(amount, before + amount - most);
    if (over > 0) breach("overspent", `${counter}: ${before} + ${amount} of ${most}`, over);
  };

  return {
    forbidden,
    answers,
    begins: ({ proof, standsOn, costs, approval }) => {
      const began = moment++;
      const wasDenied = approval !== undefined && denied.has(approval);
      return (code) => {
        const ended = moment++;
        answers.set(code, (answers.get(code) ?? 0) + 1);
        const what = `${code} of ${JSON.stringify({ proof, standsOn, approval })}`;
        if (code === "revoked") {
          const mayBe = under(standsOn).some(({ asked, lifted }) => asked < ended && lifted > began);
          if (!mayBe) breach("revokedWrongly", what);
        }
        if (code !== "allowed" && code !== NOTHING_HAPPENED) return;
        if (isSecond(proofs, proof)) breach("proofsTwice", what);
        const isRevoked = under(standsOn).some((it) => it.acknowledged < began && it.liftAsked > ended);
        if (isRevoked) breach("afterRevocation", what);
        if (wasDenied) breach("afterNo", what);
        if (code === NOTHING_HAPPENED) return;
        if (approval !== undefined && isSecond(used, approval)) breach("approvalsTwice", what);
        for (const cost of costs) spend(cost);
      };
    },
    revokes: (name) => {
      const never = Number.POSITIVE_INFINITY;
      const revocation = { asked: moment++, acknowledged: never, liftAsked: never, lifted: never };
      revocations.set(name, [...(revocations.get(name) ?? []), revocation]);
      return () => {
        revocation.acknowledged = moment++;
      };
    },
    lifts: (name) => {
      // What was not acknowledged may be written down later than this.
      const lifted = under([name]).filter(({ acknowledged }) => acknowledged < moment);
      const asked = moment++;
      for (const it of lifted) it.liftAsked = Math.min(it.liftAsked, asked);
      return () => {
        const at = moment++;
        for (const it of lifted) it.lifted = Math.min(it.lifted, at);
      };
    },
    denies: (approval) => void denied.add(approval),
    hung: (what) => breach("hangs", what),
    raw: (what) => breach("raw", what),
  };
}

const MOST_TOLD = 5;
