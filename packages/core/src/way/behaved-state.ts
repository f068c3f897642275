import { HopwiseError, ownWords } from "../errors.ts";
import { isCount, isListOf } from "../lib/index.ts";
import {
  type ApprovalStore,
  answerOfStore,
  CLOCKS_APART,
  gaveNonsense,
  isOfOneProcess,
  type KeptRequest,
  type ReplayStore,
  type Reserved,
  type RevocationTarget,
  readNothing,
  rememberingBegan,
  revocationKind,
  type SpendingStore,
  type State,
} from "../state/index.ts";
import { areShared, type Limits } from "../token/index.ts";

/** Asks a store, and reads its answer by its type. One in memory answers at once, without a promise or a timer. */
type Ask = <T>(store: string, run: () => unknown, read: (answer: unknown) => T) => T | Promise<T>;

export interface StateBehaviour {
  readonly deadlineMs: number;
  readonly limits: Pick<Limits, "proofWindowSeconds" | "skewSeconds">;
  /** Where they are given, it is these that are remembered, each until it ends. */
  readonly nonces?: unknown;
  readonly nowSeconds: () => number;
}

/**
 * Stores that answer what they were asked, in time.
 *
 * @throws {HopwiseError} `config_invalid` for a memory of proofs that is known to be too short, and for one of this process alone
 *   beside nonces that others take, too: each would take a used one once
 */
export function behavedState(state: State, { deadlineMs, limits, nonces, nowSeconds }: StateBehaviour): State {
  const windowSeconds = nonces === undefined ? limits.proofWindowSeconds + limits.skewSeconds : 0;
  const shortAtStart = shortMemory(state.replay, windowSeconds);
  if (shortAtStart !== undefined) throw new HopwiseError("config_invalid", `createAuthorizer: ${shortAtStart}`);
  if (areShared(nonces) && isOfOneProcess(state.replay)) throw new HopwiseError("config_invalid", UNSHARED);
  // Whatever it is kept in, this authorizer lets calls in from now on.
  rememberingBegan();
  const { replay, revocations, spending, approvals } = state;
  const ask: Ask = (store, run, read) => answerOfStore(deadlineMs, store, run, read);
  const stores: Pick<State, "replay" | "spending" | "approvals"> = {
    replay: withMoment("proofs", replay, nowSeconds, {
      claim: (...claim) => ask("proofs", () => replay.claim(...claim), readClaim),
    }),
    ...(spending && { spending: withMoment("spending", spending, nowSeconds, behavedSpending(spending, ask)) }),
    ...(approvals && { approvals: withMoment("approvals", approvals, nowSeconds, behavedApprovals(approvals, ask)) }),
  };
  return {
    ...stores,
    revocations: {
      find: (...query) => ask("revocations", () => revocations.find(...query), readTarget),
    },
    // What these throw is dealt with by who asks: nothing is decided by it.
    health: async () => {
      const problem = shortMemory(replay, windowSeconds);
      if (problem !== undefined) return { ok: false, problem };
      const now = timeIfTold(nowSeconds);
      const own = (await state.health?.(now)) ?? { ok: true };
      if (own.ok !== true) return own;
      const wrongTime = now === undefined ? undefined : wrongMoment(stores);
      if (wrongTime !== undefined) return { ok: false, problem: wrongTime };
      // The revocations may be of another make than the state that they stand in, such as a feed.
      return (await revocations.health?.()) ?? own;
    },
    close: async () => state.close?.(),
  };
}

const UNSHARED =
  "createAuthorizer: nonces has a secret, so that other instances take its nonces, too, and state is the memory of this process alone: each instance would take a used one once more; give all instances one store, such as redisState or sqliteState, or leave out the secret";

/** Every proof would be refused by it. A store that was not reached yet cannot tell: then health does, later. */
function shortMemory(replay: ReplayStore, needed: number): string | undefined {
  let longest: unknown;
  try {
    longest = replay.longestWindowSeconds;
  } catch {
    return undefined;
  }
  if (typeof longest !== "number" || longest >= needed) return undefined;
  return `the state remembers proofs for windows of up to ${longest} seconds, and limits.proofWindowSeconds and limits.skewSeconds are ${needed} together: make the state with longestWindowSeconds: ${needed}, or give shorter limits`;
}

function behavedSpending(spending: SpendingStore, ask: Ask): Omit<SpendingStore, "notBefore"> {
  return {
    reserve: (given) => ask("spending", () => spending.reserve(given), readReserved(given.charges.length)),
    settle: (...settled) => ask("spending", () => spending.settle(...settled), readNothing),
    spent: (owner, counters) => ask("spending", () => spending.spent(owner, counters), readAmounts(counters.length)),
  };
}

function behavedApprovals(approvals: ApprovalStore, ask: Ask): Omit<ApprovalStore, "notBefore"> {
  return {
    keep: (request) => ask("approvals", () => approvals.keep(request), readId),
    find: (id) => ask("approvals", () => approvals.find(id), readFound),
    latest: (call) => ask("approvals", () => approvals.latest(call), readFound),
    answer: (given) => ask("approvals", () => approvals.answer(given), readAnswered),
    list: (most, after) => ask("approvals", () => approvals.list(most, after), readList),
  };
}

/** The moment since which a store knows everything, read anew each time: it may learn it when it connects, and lose it. */
function withMoment<T extends { readonly notBefore?: number }>(
  store: string,
  of: { readonly notBefore?: number },
  nowSeconds: () => number,
  steps: Omit<T, "notBefore">,
): T {
  return Object.defineProperty({ ...steps } as T, "notBefore", {
    enumerable: true,
    get: () => {
      const moment = momentFrom(store, of);
      if (moment !== undefined) checkPast(store, moment, nowSeconds());
      return moment;
    },
  });
}

/**
 * A store that began by a clock which was ahead refuses all from before that time. Whoever calls would be told to make a new
 * proof, again and again, and no operator hear of it.
 */
function checkPast(store: string, moment: number, now: number): void {
  const ahead = moment - now;
  if (ahead <= CLOCKS_APART) return;
  throw new HopwiseError(
    "state_unavailable",
    `the store of ${store} remembers only from a time on that is ${Math.ceil(ahead)} seconds ahead of this authorizer's clock: one of both clocks was set; until then nothing can be told`,
  );
}

/** Undefined where the clock fails: that is told of the clock. */
function timeIfTold(nowSeconds: () => number): number | undefined {
  try {
    return nowSeconds();
  } catch {
    return undefined;
  }
}

/** Every call would be refused by it. A clock that gives no time says so itself. */
function wrongMoment(stores: object): string | undefined {
  try {
    for (const store of Object.values(stores) as readonly ReplayStore[]) void store.notBefore;
    return undefined;
  } catch (error) {
    return (error as HopwiseError).message;
  }
}

/** No number is earlier or later than what is none. */
function momentFrom(store: string, of: { readonly notBefore?: number }): number | undefined {
  let moment: unknown;
  try {
    moment = of.notBefore;
  } catch (cause) {
    const message = `the store of ${store} failed to say since when it remembers${ownWords(cause)}`;
    throw new HopwiseError("state_unavailable", message, { cause });
  }
  if (moment === undefined || (typeof moment === "number" && Number.isFinite(moment))) return moment;
  return gaveNonsense(store, "no number for the time since which it remembers");
}

function readClaim(first: unknown): boolean {
  return typeof first === "boolean" ? first : gaveNonsense("proofs", "neither true nor false");
}

function readTarget(target: unknown): RevocationTarget | undefined {
  if (target === undefined || target === null) return undefined;
  return isTarget(target) ? target : gaveNonsense("revocations", "something else than a target");
}

/** What was revoked is told to operators by its name. */
function isTarget(target: unknown): target is RevocationTarget {
  const kind = revocationKind(Object(target));
  if (kind === undefined) return false;
  const named: unknown = (target as { readonly [name: string]: unknown })[kind];
  return typeof (kind === "user" ? Object(named).subject : named) === "string";
}

function readReserved(charges: number): (answer: unknown) => Reserved {
  return (answer) => {
    const { outcome, spent, charge } = Object(answer) as { outcome: unknown; spent: unknown; charge: unknown };
    if (outcome === "reserved" && isAmounts(spent, charges)) return { outcome, spent };
    if (outcome === "withdrawn") return { outcome };
    const isPlace = isCount(charge) && charge < charges;
    if (outcome === "refused" && isPlace && isAmounts([spent], 1)) {
      return { outcome, charge: charge as number, spent: spent as number };
    }
    return gaveNonsense("spending", "no answer about a reservation");
  };
}

function readAmounts(length: number): (answer: unknown) => readonly number[] {
  return (answer) => (isAmounts(answer, length) ? answer : gaveNonsense("spending", "no list of amounts"));
}

function isAmounts(value: unknown, length: number): value is readonly number[] {
  return isListOf(value, isCount) && value.length === length;
}

function readId(answer: unknown): string {
  return typeof answer === "string" ? answer : gaveNonsense("approvals", "no id of a request");
}

const ANSWERED = ["kept", "known", "gone"] as const;

function readAnswered(answer: unknown): (typeof ANSWERED)[number] {
  return ANSWERED.find((known) => known === answer) ?? gaveNonsense("approvals", "none of its three answers");
}

function readList(answer: unknown): readonly KeptRequest[] {
  return Array.isArray(answer) ? answer.map(readKept) : gaveNonsense("approvals", "no list of requests");
}

function readFound(answer: unknown): KeptRequest | undefined {
  return answer === undefined || answer === null ? undefined : readKept(answer);
}

function readKept(value: unknown): KeptRequest {
  const { id, text, answers } = Object(value) as Partial<KeptRequest>;
  if (typeof id !== "string" || typeof text !== "string" || !isListOf(answers, (it) => typeof it === "string"))
    return gaveNonsense("approvals", "something else than a request");
  return { id, text, answers: [...answers] };
}
