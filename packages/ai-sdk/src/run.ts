import type { Allowed, Authorizer } from "@hopwise/core";
import { type OutputSchema, onceAborted } from "@hopwise/core/adapter";
import { beginRun, type Run } from "@hopwise/core/running";
import { notShown } from "./tool-denied.ts";

/** An allowed call while its tool runs in a loop. */
export interface LoopRun extends Run {
  /** The arguments for the tool: exactly those that were checked. */
  readonly arguments: never;
  /**
   * Whether a result may be shown by now. What a tool that gives rows says before these were checked is no result yet: a word
   * on the way, or rows that nobody may see.
   */
  mayShow(): boolean;
}

/**
 * A loop may read what comes late, and may be stopped in the middle.
 *
 * @param input the arguments as the tool's schema made them
 * @param outputSchema what the tool announces of its results
 * @param stop what the loop gives the tool. Where the loop was stopped nobody waits from then on, whatever the tool still
 *   does; where a time was over the call ends as the tool does
 */
export function beginLoopRun(
  decision: Allowed,
  input: unknown,
  authorizer: Authorizer,
  { outputSchema, stop }: { readonly outputSchema: OutputSchema | undefined; readonly stop: AbortSignal | undefined },
): LoopRun {
  const stopped = (): void => {
    if (!isTimeOver(stop)) run.withdrawn();
  };
  const run = beginRun(authorizer, decision, {
    outputSchema,
    notShown: (code, cause) => notShown(decision, code, cause),
    onEnd: () => stay(),
  });
  const stay = onceAborted(stop, stopped);
  if (stop?.aborted === true) stopped();
  return {
    ...run,
    arguments: (decision.projected ? input : decision.arguments) as never,
    mayShow: () => decision.filter === undefined || decision.filter.applied !== undefined,
    begins: () => {
      // What the loop was stopped with: nothing more of the tool begins.
      stop?.throwIfAborted();
      run.begins();
    },
  };
}

/**
 * By the same signal the AI SDK tells that the time of this tool is over (`timeout: { toolMs }`), and that the loop's is. After
 * the first one the loop waits for the tool, and goes on with what it gives.
 */
function isTimeOver(stop: AbortSignal | undefined): boolean {
  try {
    return Object(stop?.reason).name === "TimeoutError";
  } catch {
    return false; // a reason may be anything, also what throws when it is looked at
  }
}
