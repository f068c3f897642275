import { HopwiseError } from "@hopwise/core";
import { inOwnWords } from "@hopwise/core/adapter";
import { judge } from "./target-fault.ts";

/** How one attempt to ask a target ended. */
export type Outcome<Answer> = { readonly verdict: "answer"; readonly answer: Answer } | Failure;

export interface Failure {
  /**
   * `refused`: the request is wrong. `fault`: the target, or the way to it, failed. `slow`: another target was quicker.
   * `left`: the attempt ended too soon to tell.
   */
  readonly verdict: "refused" | "fault" | "slow" | "left";
  readonly error: unknown;
}

/** How long an attempt may take. */
export interface Bounds {
  readonly limitMs: number;
  /** From when on an attempt counts as long, in milliseconds. */
  readonly longMs: number;
  readonly caller: AbortSignal | undefined;
  /** Aborted when another target has answered. */
  readonly answered: AbortSignal | undefined;
}

/**
 * Asks once, within the bounds. It always ends, and never rejects: it does not wait for a client that ignores signals,
 * or a breaker would wait forever.
 */
export function attempt<Answer>(
  ask: (signal: AbortSignal) => Promise<Answer>,
  { limitMs, longMs, caller, answered }: Bounds,
): Promise<Outcome<Answer>> {
  return new Promise((settle) => {
    const own = new AbortController();
    const from = performance.now();
    const end = (outcome: Outcome<Answer>): void => {
      clearTimeout(timer);
      caller?.removeEventListener("abort", leave);
      answered?.removeEventListener("abort", yieldToOther);
      settle(outcome);
    };
    const giveUp = (verdict: Failure["verdict"], error: unknown): void => {
      end({ verdict, error });
      own.abort();
    };
    const tookLong = (): boolean => performance.now() - from >= longMs;
    // A caller who leaves at once says nothing about the target. One who waited for long does.
    const leave = (): void => giveUp(tookLong() ? "fault" : "left", callerLeft(caller));
    const yieldToOther = (): void => giveUp(tookLong() ? "slow" : "left", undefined);
    const expire = (): void =>
      giveUp("fault", inOwnWords(new HopwiseError("policy_unavailable", `no answer within ${Math.ceil(limitMs)} ms`)));
    const timer = setTimeout(expire, limitMs);
    caller?.addEventListener("abort", leave, { once: true });
    answered?.addEventListener("abort", yieldToOther, { once: true });
    ask(own.signal).then(
      (answer) => end({ verdict: "answer", answer }),
      (error: unknown) => end({ verdict: judge(error), error }),
    );
  });
}

export function callerLeft(caller: AbortSignal | undefined): HopwiseError {
  return inOwnWords(new HopwiseError("policy_unavailable", "the caller stopped waiting", { cause: caller?.reason }));
}
