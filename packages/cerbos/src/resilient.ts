import { setTimeout as delay } from "node:timers/promises";
import type { GRPC } from "@cerbos/grpc";
import { HopwiseError } from "@hopwise/core";
import { inOwnWords } from "@hopwise/core/adapter";
import { either, having, list, maybe, optionsOf, type Rows, readerOf, whole } from "@hopwise/core/options";
import { attempt, type Bounds, callerLeft, type Outcome } from "./attempt.ts";
import { type Breaker, createBreaker } from "./breaker.ts";
import { LISTENER, milliseconds } from "./option-shapes.ts";
import { tell } from "./tell.ts";

/** The part of a Cerbos client that decisions need. The clients for gRPC and for HTTP both have it. */
export type PolicyClient = Pick<GRPC, "checkResources" | "planResources">;

/** Options of {@link resilient}. All times are in milliseconds. */
export interface ResilienceOptions {
  /**
   * The most a call takes, all attempts together, whether or not the caller has a deadline of its own.
   *
   * @defaultValue 5_000
   */
  readonly timeoutMs?: number;
  /**
   * How long to wait for one target before another one is asked as well; the first answer counts. Keep it well below
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

const CLIENT = having("a Cerbos client, such as new GRPC(target, { tls: true })", "checkResources", "planResources");

const readClients = readerOf<PolicyClient | readonly PolicyClient[]>(
  "resilient",
  either(
    "a Cerbos client, or a list of them",
    CLIENT,
    list(CLIENT, "a list of Cerbos clients, at least one", { min: 1 }),
  ),
);

/** How it asks; `connectPdp` takes the same. */
export const RESILIENCE_ROWS: Rows<Omit<ResilienceOptions, "onChange">> = {
  timeoutMs: maybe(milliseconds(5_000)),
  patienceMs: maybe(milliseconds(250)),
  faultsInARow: maybe(whole({ min: 1, max: 1_000_000, example: 5 })),
  restMs: maybe(milliseconds(1_000)),
};

const readOptions = optionsOf<ResilienceOptions>("resilient", { ...RESILIENCE_ROWS, onChange: maybe(LISTENER) });

/**
 * Makes one client of one or several, which survives their failures: it asks them in turns, asks once more where one
 * failed (the next one, or the same one again), and leaves alone a target that failed several times in a row.
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
  const { timeoutMs = 5_000, patienceMs = 250, faultsInARow = 5, restMs = 1_000, onChange } = readOptions(options);
  const settings = { timeoutMs, patienceMs, faultsInARow, restMs, onChange };
  const lanes = [readClients(clients)].flat().map((client, index) => createLane(client, index, settings, othersUp));
  let turn = 0;

  async function ask<Answer>(question: Question<Answer>, caller: AbortSignal | undefined): Promise<Answer> {
    if (caller?.aborted) throw callerLeft(caller);
    const endsAt = performance.now() + settings.timeoutMs;
    const start = turn++;
    // A target that rests only because another one was quicker is better than no target.
    const first = next(start) ?? lanes.find((lane) => lane.onlySlow);
    if (first === undefined) throw nobodyLeft(lanes.length);
    const answered = lanes.length > 1 ? new AbortController() : undefined;
    const askOnce = (lane: Lane): Promise<Outcome<Answer>> =>
      lane.ask(question, { limitMs: endsAt - performance.now(), caller, answered: answered?.signal });

    const one = askOnce(first);
    let outcome = othersUp(first) ? await within(settings.patienceMs, one) : await one;
    if (outcome === undefined || outcome.verdict === "fault") {
      const second = next(start, first) ?? (outcome === undefined ? undefined : lastResort(start, first));
      if (second === first) await pause(caller);
      const goesOn = second !== undefined && !caller?.aborted && performance.now() < endsAt;
      const two = goesOn ? askOnce(second) : undefined;
      // The first target is slow, or has failed. A slow one may still answer: the first answer counts.
      if (outcome === undefined) outcome = two === undefined ? await one : await firstAnswer(one, two);
      else if (two !== undefined) outcome = await two;
      answered?.abort(); // too costly to do where only one target was asked
    }
    if (outcome.verdict !== "answer") throw outcome.error;
    return outcome.answer;
  }

  /** The next one in turn that may be asked, but not this one. */
  function next(start: number, not?: Lane): Lane | undefined {
    for (let i = 0; i < lanes.length; i++) {
      const lane = lanes[(start + i) % lanes.length] as Lane;
      if (lane !== not && lane.breaker.admits) return lane;
    }
    return undefined;
  }

  /** Where the first target failed and no other is up: a resting one is better than none, and was perhaps only slow. */
  function lastResort(start: number, failed: Lane): Lane | undefined {
    const others = lanes.filter((lane) => lane !== failed);
    return others[start % others.length] ?? (failed.breaker.admits ? failed : undefined);
  }

  function othersUp(lane: Lane): boolean {
    return lanes.some((other) => other !== lane && other.breaker.up);
  }

  return {
    checkResources: (request, options) =>
      ask((client, signal) => client.checkResources(request, { ...options, signal }), options?.signal),
    planResources: (request, options) =>
      ask((client, signal) => client.planResources(request, { ...options, signal }), options?.signal),
  };
}

type Question<Answer> = (client: PolicyClient, signal: AbortSignal) => Promise<Answer>;

/** One client, and whether it is worth asking. */
interface Lane {
  readonly breaker: Breaker;
  /** Its last fault was to be slower than another one. */
  readonly onlySlow: boolean;
  ask<Answer>(question: Question<Answer>, bounds: Omit<Bounds, "longMs">): Promise<Outcome<Answer>>;
}

type Settings = Required<Omit<ResilienceOptions, "onChange">> & {
  readonly onChange: ResilienceOptions["onChange"] | undefined;
};

/** @param othersUp whether another one is up: the last one is not left alone for being slow */
function createLane(client: PolicyClient, index: number, settings: Settings, othersUp: (lane: Lane) => boolean): Lane {
  const breaker = createBreaker({
    ...settings,
    onChange: (up) => void tell(settings.onChange, { index, up }),
  });
  let onlySlow = false;
  const lane: Lane = {
    breaker,
    get onlySlow() {
      return onlySlow;
    },
    ask<Answer>(question: Question<Answer>, bounds: Omit<Bounds, "longMs">) {
      // The call that tries a target must end as a success or a failure, even where its caller leaves at once.
      const trying = !breaker.up;
      const longMs = trying ? 0 : settings.patienceMs;
      const run = (): Promise<Outcome<Answer>> =>
        attempt(async (signal) => question(client, signal), { ...bounds, longMs });
      if (!breaker.admits) return run(); // as a last resort
      return breaker.run(run, ({ verdict }) => {
        if (verdict !== "left") onlySlow = verdict === "slow";
        if (verdict === "slow") return trying || othersUp(lane) ? "failure" : "neither";
        return COUNTS_AS[verdict];
      });
    },
  };
  return lane;
}

const COUNTS_AS = { answer: "success", refused: "success", fault: "failure", left: "neither" } as const;

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

function nobodyLeft(targets: number): HopwiseError {
  const who = targets === 1 ? "the policy decision point" : "every policy decision point";
  const message = `${who} failed several times in a row and is left alone for a moment`;
  return inOwnWords(new HopwiseError("policy_unavailable", message));
}
