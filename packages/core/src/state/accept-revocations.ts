import { HopwiseError, isOwn } from "../errors.ts";
import { DeadlinePassed, quietly, settleInTime } from "../lib/index.ts";
import { CLOCK, either, func, maybe, optionsOf, type Rows, secondsBy, such, whole } from "../options/index.ts";
import {
  AUDIENCE,
  AUDIENCES,
  anchorsOf,
  DEFAULT_LIMITS,
  LIMITS,
  type Limits,
  type SignedRevocation,
  TRUST,
  type Trust,
  type TrustAnchor,
  type VerifiedRevocation,
  verifyRevocation,
  whyUnknown,
} from "../token/index.ts";
import type { FollowedLog } from "./follow-log.ts";
import { ownerOf } from "./owner.ts";
import { type LogShares, type Placed, writeRevocation } from "./place-revocation.ts";
import type { RevokedBy } from "./revocation-entry.ts";
import { logUnder } from "./shared-revocations.ts";
import type { SharedState } from "./state.ts";

/** What takes signed revocations, for one log. */
export interface AcceptOptions {
  /** The issuers whose chains are evidence, and who may revoke by themselves. */
  readonly trust: readonly TrustAnchor[] | Trust;
  /** The names of the log, as signers name it. */
  readonly audience: string | readonly string[];
  /** Where it is written down: what `memoryState` or `openedState` gave. */
  readonly state: Pick<SharedState, "replay" | "revocations">;
  /**
   * Most living entries of tokens below one token that its holder signed, one by one; the next one revokes that token, with
   * all that hangs below. Default 1,000.
   */
  readonly mostBelowOne?: number;
  /** Most living entries that one issuer signed; beyond, it is refused. Default 100,000. */
  readonly mostOfIssuer?: number;
  /**
   * Told of every request, also of one that is refused: for an operator who wants to see who tries. What was accepted stands
   * in the log as well. It is no business of an audit sink, which is told of calls.
   */
  readonly onAnswer?: (answer: RevocationAnswer) => void;
  readonly limits?: Partial<Limits>;
  /** How long the keys of an issuer, and the store, may take, each. Default one second. */
  readonly deadlineMs?: number;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** What came of a signed revocation. */
export interface AcceptedRevocation extends Placed {
  readonly by: RevokedBy;
}

/** What is told of one request. */
export type RevocationAnswer =
  | AcceptedRevocation
  /** Before the signature held, nobody knows whose it was. */
  | { readonly outcome: "refused"; readonly error: HopwiseError; readonly by?: RevokedBy };

const ACCEPT_ROWS: Rows<AcceptOptions> = {
  trust: TRUST,
  audience: either("the log's name, an absolute URI, or a list of its names, at least one", AUDIENCE, AUDIENCES),
  state: such("a state whose revocations can be written, as memoryState or openedState gave it", isWritable),
  mostBelowOne: maybe(whole({ min: 1, max: 100_000, example: 1000 })),
  mostOfIssuer: maybe(whole({ min: 1, max: 10_000_000, example: 100_000 })),
  onAnswer: maybe(func("a function that is told of each request")),
  limits: maybe(LIMITS),
  deadlineMs: maybe(whole({ min: 1, max: 600_000, example: 1000 })),
  clock: maybe(CLOCK),
};

const readOptions = optionsOf<AcceptOptions>("acceptRevocations", ACCEPT_ROWS);

function isWritable(state: unknown): boolean {
  const { replay, revocations } = Object(state) as Partial<SharedState>;
  return typeof replay?.claim === "function" && logUnder(revocations) !== undefined;
}

/**
 * Takes signed revocations: verifies one, uses it up, and writes it into the log, so that it is effective on the next call in
 * every process that follows the log. Whoever may sign what: `spec/statements.md`, section 2.
 *
 * Nobody fills the log: of tokens below one token, its holder revokes `mostBelowOne` one by one; then that token itself is
 * revoked, and with it the rest. Below one root there live ten times as many at most, whoever signs; the holder of the root is
 * never refused for that. What revokes nothing more than is revoked already is not written again, nor what has expired
 * everywhere.
 *
 * @returns a function that takes one. It resolves once the entry is kept; it throws `revocation_refused`, `proof_replayed`
 *   (used before: whoever had no answer signs anew), `state_unavailable`, or what the statement is refused with
 * @throws {HopwiseError} `config_invalid`
 */
export function acceptRevocations(options: AcceptOptions): (sent: SignedRevocation) => Promise<AcceptedRevocation> {
  const read = readOptions(options);
  const { onAnswer, clock = Date.now, mostBelowOne = 1000, mostOfIssuer = 100_000, deadlineMs = 1000 } = read;
  const desk: Desk = {
    ...read,
    deadlineMs,
    limits: { ...DEFAULT_LIMITS, ...read.limits },
    log: logUnder(read.state.revocations) as FollowedLog,
    shares: { mostBelowOne, mostOfIssuer },
    now: () => secondsBy(clock),
  };
  const tell = (answer: RevocationAnswer): void => quietly(() => onAnswer?.(answer));
  return async (sent) => {
    let by: RevokedBy | undefined;
    try {
      const verified = await verify(sent, desk);
      by = verified.by;
      await useUp(verified, desk);
      const accepted = { ...(await inTime(desk, () => writeRevocation(verified, desk.log, desk.shares, desk))), by };
      tell(accepted);
      return accepted;
    } catch (error) {
      if (error instanceof HopwiseError) tell({ outcome: "refused", error, ...(by && { by }) });
      throw error;
    }
  };
}

interface Desk extends Pick<AcceptOptions, "trust" | "audience" | "state"> {
  readonly deadlineMs: number;
  readonly limits: Limits;
  readonly log: FollowedLog;
  readonly shares: LogShares;
  readonly now: () => number;
}

async function verify(sent: SignedRevocation, desk: Desk): Promise<VerifiedRevocation> {
  const { trust, audience, state, limits, deadlineMs, now } = desk;
  const rememberedSince = state.replay.notBefore;
  return verifyRevocation(sent, {
    trust: anchorsOf(trust)(),
    audience,
    limits,
    deadlineMs,
    nowSeconds: now(),
    ...(rememberedSince !== undefined && { rememberedSince }),
  });
}

/** An operator may lift what it says: a copy must not bring it back (R1.9). */
async function useUp({ signedBy, jti, issuedAt, by, evidence }: VerifiedRevocation, desk: Desk): Promise<void> {
  const { state, limits, now } = desk;
  const nowSeconds = now();
  const until = Math.max(nowSeconds, issuedAt) + limits.proofWindowSeconds + limits.skewSeconds;
  const owner = evidence === undefined ? JSON.stringify(by) : ownerOf(evidence.user);
  const about = { madeAtSeconds: issuedAt, nowSeconds, owner, ...(evidence && { root: evidence.id }) };
  const isFirst = await inTime(desk, () => state.replay.claim(`${signedBy}.${jti}`, until, about));
  // The store may have noticed meanwhile that it lost what it knew.
  const unknown = whyUnknown(issuedAt, { rememberedSince: state.replay.notBefore, nowSeconds, limits });
  if (isFirst && unknown === undefined) return;
  throw new HopwiseError("proof_replayed", `the revocation ${unknown ?? "was used before"}; sign it anew`);
}

async function inTime<T>({ deadlineMs }: Desk, run: () => T | Promise<T>): Promise<T> {
  try {
    return await settleInTime(deadlineMs, run());
  } catch (cause) {
    if (isOwn(cause) && cause.code === "state_unavailable") throw cause;
    const why = cause instanceof DeadlinePassed ? `did not answer within ${deadlineMs} ms` : "failed";
    throw new HopwiseError("state_unavailable", `the store of revocations ${why}; sign it anew`, { cause });
  }
}
