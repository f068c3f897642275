import { setTimeout as delay } from "node:timers/promises";
import type { GRPC } from "@cerbos/grpc";
import { HopwiseError } from "@hopwise/core";
import type { PolicyDecisionPoint } from "@hopwise/core/adapter";
import { inOwnWords } from "@hopwise/core/adapter";
import { either, having, list, maybe, optionsOf, type Rows, readerOf, type Shape, whole } from "@hopwise/core/options";
import { LISTENER, milliseconds } from "../option-shapes.ts";
import { callerLeft, type Failure, type Outcome } from "./attempt.ts";
import type { Asking, Lane, Question } from "./lane.ts";
import { createLanes } from "./lanes.ts";
import { toldOf } from "./target-fault.ts";
import { withWhole } from "./with-whole.ts";

/**
 * The part of a Cerbos client that decisions need. The clients for gRPC and for HTTP both have it, but for `whole`, which
 * is of clients with several targets.
 */
export type PolicyClient = Pick<GRPC, "checkResources" | "planResources"> & Pick<PolicyDecisionPoint, "whole">;

/** Options of {@link resilient}. All times are in milliseconds. */
export interface ResilienceOptions {
  /**
   * The most a call takes, all attempts together, whether or not the caller has a deadline of its own.
   *
   * @defaultValue 5_000
   */
  readonly timeoutMs?: number;
  /**
   * How long to wait for a sign of one target before another one is asked as well; the first answer counts. Keep it well below
   * the deadline of the authorizer. A caller who waits longer than this and leaves without an answer counts against the
   * target.
   *
   * @defaultValue 250
   */
  readonly patienceMs?: number;
  /**
   * After how many faults in a row a target is left alone.
   *
   * @defaultValue 5
   */
  readonly faultsInARow?: number;
  /**
   * For how long a target is left alone before one call tries it again.
   *
   * @defaultValue 1_000
   */
  readonly restMs?: number;
  /** Called when a target is left alone, and when it is asked again. What it throws is dropped. */
  readonly onChange?: (change: TargetChange) => void;
}

/** A target that is left alone from now on, or is asked again. */
export interface TargetChange {
  /** Its place among the clients. */
  readonly index: number;
  readonly up: boolean;
}

export const CLIENT: Shape = having(
  "a Cerbos client, such as new GRPC(target, { tls: true })",
  "checkResources",
  "planResources",
);

const readClients = readerOf<PolicyClient | readonly PolicyClient[]>(
  "resilient",
  either(
    "a Cerbos client, or a list of them",
    CLIENT,
    list(CLIENT, "a list of Cerbos clients, at least one", { min: 1 }),
  ),
);

/** How long a question may take, where nothing else is said. */
export const DEFAULT_TIMEOUT_MS = 5_000;

/** How it asks; `connectPdp` takes the same. */
export const RESILIENCE_ROWS: Rows<Omit<ResilienceOptions, "onChange">> = {
  timeoutMs: maybe(milliseconds(DEFAULT_TIMEOUT_MS)),
  patienceMs: maybe(milliseconds(250)),
  faultsInARow: maybe(whole({ min: 1, max: 1_000_000, example: 5 })),
  restMs: maybe(milliseconds(1_000)),
};

const readOptions = optionsOf<ResilienceOptions>("resilient", { ...RESILIENCE_ROWS, onChange: maybe(LISTENER) });

/**
 * Makes one client of one or several, which survives their failures: it asks the least busy one, asks once more where one
 * failed (another one, or the same one again), and leaves alone a target that failed several times in a row. By `whole` it
 * does so with all requests of a decision together, so that all answers are of one target.
 *
 * It asks at most twice, because checks and plans change nothing; never after the caller's signal was aborted, never
 * beyond `timeoutMs`, and never where the answer says that the request is wrong. Where every target is left alone, it
 * fails at once. It never makes up an answer, and never keeps one.
 *
 * @example
 * ```ts
 * const cerbos = resilient(new HTTP("https://pdp.example.com"));
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for no client, or options that cannot be right. Calls reject with
 * `policy_unavailable`, or with the error of the last client that was asked
 */
export function resilient(
  clients: PolicyClient | readonly PolicyClient[],
  options: ResilienceOptions = {},
): PolicyClient {
  const {
    timeoutMs = DEFAULT_TIMEOUT_MS,
    patienceMs = 250,
    faultsInARow = 5,
    restMs = 1_000,
    onChange,
  } = readOptions(options);
  const settings = { timeoutMs, patienceMs, faultsInARow, restMs, onChange };
  const lanes = createLanes([readClients(clients)].flat(), settings);
  let lastFault: unknown;

  async function ask<Answer>(question: Question<Answer>, caller: AbortSignal | undefined): Promise<Answer> {
    if (caller?.aborted) throw callerLeft(caller);
    const endsAt = performance.now() + timeoutMs;
    const first = lanes.first();
    if (first === undefined) throw nobodyLeft(lanes.count, lastFault);
    const answered = lanes.count > 1 ? new AbortController() : undefined;
    const askAt = (lane: Lane): Asking<Answer> =>
      lane.ask(question, { limitMs: endsAt - performance.now(), caller, answered: answered?.signal });

    const one = askAt(first);
    let outcome = lanes.othersUp(first) ? await patiently(patienceMs, one) : await one.ended;
    if (outcome === undefined || ASKS_ANOTHER.has(outcome.verdict)) {
      const second = lanes.second(first, outcome !== undefined);
      if (second === first) await pause(caller);
      const goesOn = second !== undefined && !caller?.aborted && performance.now() < endsAt;
      const two = goesOn ? askAt(second).ended : undefined;
      // The first target is slow, or has failed. A slow one may still answer: the first answer counts.
      if (outcome === undefined) outcome = two === undefined ? await one.ended : await firstAnswer(one.ended, two);
      else if (two !== undefined) outcome = await two;
      answered?.abort(); // too costly to do where only one target was asked
    }
    if (outcome.verdict === "fault") lastFault = outcome.error;
    if (outcome.verdict !== "answer") throw outcome.error;
    return outcome.answer;
  }

  return clientOf(ask);
}

const ASKS_ANOTHER: ReadonlySet<string> = new Set(["fault", "full"] satisfies Failure["verdict"][]);

/** Puts each question of a client to a target. */
function clientOf(ask: <Answer>(question: Question<Answer>, caller?: AbortSignal) => Promise<Answer>): PolicyClient {
  const askOne = <Answer>(put: Question<Answer>["put"], caller?: AbortSignal): Promise<Answer> =>
    ask({ put, requests: "one" }, caller);
  const client: PolicyClient = {
    checkResources: (request, options) =>
      askOne((one, signal) => one.checkResources(request, { ...options, signal }), options?.signal),
    planResources: (request, options) =>
      askOne((one, signal) => one.planResources(request, { ...options, signal }), options?.signal),
  };
  return withWhole(client, (askAll, options) => {
    // A target may be several itself.
    const put = async (one: PolicyClient, signal: AbortSignal) =>
      one.whole?.(askAll, { signal }) ?? askAll(one, signal);
    return ask({ put, requests: "many" }, options?.signal);
  });
}

/** Undefined when the target has given no sign for so long. */
async function patiently<Answer>(ms: number, asking: Asking<Answer>): Promise<Outcome<Answer> | undefined> {
  for (;;) {
    const leftMs = asking.requests.lastSign + ms - performance.now();
    if (leftMs <= 0) return undefined;
    const outcome = await within(leftMs, asking.ended);
    if (outcome !== undefined) return outcome;
  }
}

/** Undefined when the time is over first. */
async function within<Value>(ms: number, value: Promise<Value>): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  const settled = await Promise.race([value, over]);
  clearTimeout(timer);
  return settled;
}

/**
 * The first outcome that is an answer, or says that the request is wrong; otherwise the outcome of the last that ended.
 */
function firstAnswer<Answer>(...attempts: readonly Promise<Outcome<Answer>>[]): Promise<Outcome<Answer>> {
  return new Promise((settle, reject) => {
    let open = attempts.length;
    for (const attempt of attempts) {
      attempt.then((outcome) => {
        open--;
        if (open === 0 || outcome.verdict === "answer" || outcome.verdict === "refused") settle(outcome);
      }, reject);
    }
  });
}

/** So that many callers of a target that just fell over do not all come back in the same moment. */
async function pause(caller: AbortSignal | undefined): Promise<void> {
  await delay(5 + Math.random() * 20, undefined, caller === undefined ? {} : { signal: caller }).catch(() => {});
}

/** Most calls of an outage end here, so it says what was wrong when a target was asked. */
function nobodyLeft(targets: number, lastFault: unknown): HopwiseError {
  const who = targets === 1 ? "the policy decision point" : "every policy decision point";
  const message = `${who} failed several times in a row and is left alone for a moment; the last time: ${toldOf(lastFault)}`;
  return inOwnWords(new HopwiseError("policy_unavailable", message));
}
