import { setTimeout as delay } from "node:timers/promises";
import type { GRPC } from "@cerbos/grpc";
import { HopwiseError } from "@hopwise/core";
import { type Breaker, createBreaker } from "./breaker.ts";
import { judge } from "./target-fault.ts";

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
   * How long to wait for one target where another one could be asked instead. Keep it well below the deadline of the
   * authorizer. A caller who leaves later than this without an answer counts against the target.
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

/**
 * Makes one client of one or several, which outlives their bad days: it asks in turns, asks once more where a target
 * failed (the next one, or the same one again), and leaves alone who failed several times in a row.
 *
 * It asks at most twice, because checks and plans change nothing; never after the caller's signal was aborted, never
 * beyond `timeoutMs`, and never where the answer says that the request is wrong. Where nobody can be asked it fails at
 * once. It makes no answer up and keeps none.
 *
 * @example
 * ```ts
 * const cerbos = resilient(new HTTP("https://pdp.example.com"));
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for no client, or numbers that are not positive. Calls reject with
 * `policy_unavailable`, or with the error of the last client that was asked
 */
export function resilient(
  clients: PolicyClient | readonly PolicyClient[],
  options: ResilienceOptions = {},
): PolicyClient {
  const settings = checked(options);
  const lanes = (Array.isArray(clients) ? clients : [clients]).map((client: PolicyClient, index) =>
    createLane(client, index, settings),
  );
  if (lanes.length === 0) throw new HopwiseError("config_invalid", "resilient() was given no client");
  let turn = 0;

  async function ask<Answer>(question: Question<Answer>, caller: AbortSignal | undefined): Promise<Answer> {
    const from = performance.now();
    const first = turn++ % lanes.length;
    let failed: { readonly lane: Lane; readonly fault: unknown } | undefined;
    // Round once, and round again: whoever comes after the one that failed, and itself where nobody else is left.
    for (let i = 0; i < 2 * lanes.length; i++) {
      const lane = lanes[(first + i) % lanes.length] as Lane;
      if (failed?.lane === lane) await pause(caller);
      const left = settings.timeoutMs - (performance.now() - from);
      if (left <= 0) break;
      const elsewhere = failed === undefined && lanes.some((other) => other !== lane && other.breaker.up);
      const outcome = await lane.ask(question, elsewhere ? Math.min(left, settings.patienceMs) : left, caller);
      if (outcome === undefined) continue;
      if ("answer" in outcome) return outcome.answer;
      if (outcome.verdict === "refused" || failed !== undefined) throw outcome.error;
      failed = { lane, fault: outcome.error };
    }
    throw failed?.fault ?? nobodyLeft(lanes.length);
  }

  return {
    checkResources: (request, options) =>
      ask((client, signal) => client.checkResources(request, { ...options, signal }), options?.signal),
    planResources: (request, options) =>
      ask((client, signal) => client.planResources(request, { ...options, signal }), options?.signal),
  };
}

type Question<Answer> = (client: PolicyClient, signal: AbortSignal) => Promise<Answer>;

type Outcome<Answer> =
  | { readonly answer: Answer }
  | { readonly verdict: ReturnType<typeof judge>; readonly error: unknown };

/** One client, and whether it is worth asking. */
interface Lane {
  readonly breaker: Breaker;
  /** Undefined: it is left alone. Rejects only when the caller has left. */
  ask<Answer>(
    question: Question<Answer>,
    limitMs: number,
    caller: AbortSignal | undefined,
  ): Promise<Outcome<Answer> | undefined>;
}

type Settings = Required<Omit<ResilienceOptions, "onChange">> & Pick<ResilienceOptions, "onChange">;

function createLane(client: PolicyClient, index: number, settings: Settings): Lane {
  const breaker = createBreaker({
    ...settings,
    failed: (outcome) => (outcome as { verdict?: unknown }).verdict === "fault",
    onChange(up) {
      try {
        settings.onChange?.({ index, up });
      } catch {
        // who listens decides nothing
      }
    },
  });
  return {
    breaker,
    ask(question, limitMs, caller) {
      if (caller?.aborted) return Promise.reject(callerLeft(caller));
      return breaker.run(() => {
        // The one call that tries has to end as a yes or a no.
        const patienceMs = breaker.up ? settings.patienceMs : 0;
        return attempt(async (signal) => question(client, signal), { limitMs, patienceMs, caller });
      });
    },
  };
}

/**
 * Asks once, for as long as the limit and the caller allow. A client that does not listen to signals is left behind: an
 * attempt always ends, or the breaker would wait for it forever.
 */
function attempt<Answer>(
  ask: (signal: AbortSignal) => Promise<Answer>,
  { limitMs, patienceMs, caller }: { limitMs: number; patienceMs: number; caller: AbortSignal | undefined },
): Promise<Outcome<Answer>> {
  return new Promise((settle, reject) => {
    const own = new AbortController();
    const from = performance.now();
    const end = (): void => {
      clearTimeout(timer);
      caller?.removeEventListener("abort", leave);
    };
    const fail = (error: unknown, verdict = judge(error)): void => {
      end();
      settle({ verdict, error });
    };
    const leave = (): void => {
      const error = callerLeft(caller);
      // Who leaves at once says nothing about the target. Who waited for long does.
      if (performance.now() - from >= patienceMs) fail(error);
      else reject(error);
      end();
      own.abort();
    };
    const timer = setTimeout(() => {
      fail(new HopwiseError("policy_unavailable", `no answer within ${Math.ceil(limitMs)} ms`));
      own.abort();
    }, limitMs);
    caller?.addEventListener("abort", leave, { once: true });
    ask(own.signal).then((answer) => {
      end();
      settle({ answer });
    }, fail);
  });
}

/** So that many callers of a target that just fell over do not all come back in the same moment. */
async function pause(caller: AbortSignal | undefined): Promise<void> {
  await delay(5 + Math.random() * 20, undefined, caller === undefined ? {} : { signal: caller }).catch(() => {});
}

function callerLeft(caller: AbortSignal | undefined): HopwiseError {
  return new HopwiseError("policy_unavailable", "the caller stopped waiting", { cause: caller?.reason });
}

function nobodyLeft(targets: number): HopwiseError {
  const who = targets === 1 ? "the policy decision point" : "every policy decision point";
  return new HopwiseError("policy_unavailable", `${who} failed several times in a row and is left alone for a moment`);
}

function checked(options: ResilienceOptions): Settings {
  const settings = { timeoutMs: 5_000, patienceMs: 250, faultsInARow: 5, restMs: 1_000, ...options };
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value === "function") continue;
    if (!(typeof value === "number" && value > 0 && Number.isFinite(value))) {
      throw new HopwiseError("config_invalid", `${name} must be a positive number`, { pointer: `/${name}` });
    }
  }
  return settings;
}
