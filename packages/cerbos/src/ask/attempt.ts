import { HopwiseError } from "@hopwise/core";
import { inOwnWords, onceAborted, whenTimeIsUp } from "@hopwise/core/adapter";
import { judge, type Verdict } from "./target-fault.ts";

/** How one attempt to ask a target ended. */
export type Outcome<Answer> = { readonly verdict: "answer"; readonly answer: Answer } | Failure;

export interface Failure {
  /**
   * As `judge` says; or `slow`: another target was quicker. `left`: the attempt ended too soon to tell, or its question waited
   * among many others, which were answered.
   */
  readonly verdict: Verdict | "slow" | "left";
  readonly error: unknown;
}

/** How long an attempt may take. */
export interface Bounds {
  readonly limitMs: number;
  /** Whether it took so long by now that leaving it says something about the target. */
  readonly isLong: () => boolean;
  /** Whether the target answered nobody since this attempt began. */
  readonly isSilent: () => boolean;
  /** Told when it ended. */
  readonly onEnd: () => void;
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
  { limitMs, isLong, isSilent, onEnd, caller, answered }: Bounds,
): Promise<Outcome<Answer>> {
  return new Promise((settle) => {
    const own = new AbortController();
    let over = false;
    const end = (outcome: Outcome<Answer>): void => {
      if (over) return;
      over = true;
      stopWaiting();
      for (const stay of stays) stay();
      onEnd();
      settle(outcome);
    };
    const giveUp = (verdict: Failure["verdict"], error: unknown): void => {
      end({ verdict, error });
      own.abort();
    };
    // A caller who leaves at once says nothing about the target. One who waited for long does.
    const leave = (): void => giveUp(isLong() && isSilent() ? "fault" : "left", callerLeft(caller));
    const yieldToOther = (): void => giveUp(isLong() ? "slow" : "left", undefined);
    const expire = (): void =>
      giveUp(
        isSilent() ? "fault" : "left",
        inOwnWords(new HopwiseError("policy_unavailable", `no answer within ${Math.ceil(limitMs)} ms`)),
      );
    const stopWaiting = whenTimeIsUp(limitMs, expire);
    const stays = [onceAborted(caller, leave), onceAborted(answered, yieldToOther)];
    ask(own.signal).then(
      (answer) => end({ verdict: "answer", answer }),
      // What else was asked in this attempt is of no use any more.
      (error: unknown) => giveUp(judge(error), error),
    );
  });
}

export function callerLeft(caller: AbortSignal | undefined): HopwiseError {
  return inOwnWords(
    new HopwiseError("policy_unavailable", "the caller stopped waiting for an answer", { cause: caller?.reason }),
  );
}
