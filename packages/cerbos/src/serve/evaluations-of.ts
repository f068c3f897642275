import { setImmediate as turn } from "node:timers/promises";
import type { RunningPdp } from "@hopwise/core/adapter";
import { quietly } from "@hopwise/core/adapter";
import { createEvaluationLog } from "./evaluation-log.ts";
import type { ServeOptions } from "./serve.ts";

/** What the log of the PDP tells of expressions that failed; it goes to all `listeners`, too. */
export function evaluationsOf(
  listeners: readonly (((line: string) => void) | undefined)[],
  strictEvaluation: boolean,
): { readonly failuresOf: NonNullable<RunningPdp["failuresOf"]> } & Pick<ServeOptions, "onLog"> {
  const evaluations = createEvaluationLog();
  return {
    onLog: (line) => {
      evaluations.read(line);
      for (const listener of listeners) quietly(() => listener?.(line));
    },
    failuresOf: async (callId, effect) => {
      // Under strict evaluation an allowance relies on no rule that failed: the good path waits for nothing.
      if (effect === "allow" && strictEvaluation) return [];
      // Cerbos wrote its log before it answered, and the log is read by another pipe: after two turns of the event loop
      // it has been read.
      await turn();
      await turn();
      return evaluations.failuresOf(callId);
    },
  };
}
