import { setImmediate as turn } from "node:timers/promises";
import type { ExpressionFailure, RunningPdp } from "@hopwise/core/adapter";
import { quietly } from "@hopwise/core/adapter";

/** What the log of the PDP tells of expressions that failed; it goes to all `listeners`, too. */
export function evaluationsOf(
  listeners: readonly (((line: string) => void) | undefined)[],
  strictEvaluation: boolean,
): { readonly failuresOf: NonNullable<RunningPdp["failuresOf"]> } & { readonly onLog: (line: string) => void } {
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

/** What Cerbos' log told of expressions that failed, by the call id of the answer that they belong to. */
export interface EvaluationLog {
  /** Takes a line of the log. */
  read(line: string): void;
  failuresOf(cerbosCallId: string): readonly ExpressionFailure[];
}

/** A caller can make expressions fail, so what is kept is bounded: the oldest calls are forgotten first. */
const MOST_CALLS = 1_000;
const MOST_FAILURES = 5;
const LONGEST_LINE = 8_192;
const LONGEST_EXPRESSION = 300;

export function createEvaluationLog(): EvaluationLog {
  const calls = new Map<string, ExpressionFailure[]>();
  return {
    read(line) {
      const found = readLine(line);
      if (found === undefined) return;
      const known = calls.get(found.callId) ?? [];
      if (known.length === 0) calls.set(found.callId, known);
      const { expression, error } = found;
      const again = known.some((other) => other.expression === expression && other.error === error);
      if (!again && known.length < MOST_FAILURES) known.push({ expression, error });
      const oldest = calls.keys().next();
      if (calls.size > MOST_CALLS && oldest.done !== true) calls.delete(oldest.value);
    },
    failuresOf: (callId) => calls.get(callId) ?? [],
  };
}

function readLine(line: string): (ExpressionFailure & { readonly callId: string }) | undefined {
  // Checked before the line is parsed: most lines tell something else.
  if (line.length > LONGEST_LINE || !line.includes('"Error evaluating CEL expression"')) return undefined;
  try {
    const { cerbos, expression, error, "grpc.method": method } = JSON.parse(line);
    // The expressions of plans are rewritten, with values of the principal in them.
    if (method !== "CheckResources" || typeof cerbos?.call_id !== "string") return undefined;
    if (typeof expression !== "string" || typeof error !== "string") return undefined;
    return {
      callId: cerbos.call_id,
      expression: expression.slice(0, LONGEST_EXPRESSION),
      error: withoutValues(error, expression),
    };
  } catch {
    return undefined;
  }
}

/** Errors that quote nothing, or whose end is the value: that end is dropped. */
const KNOWN = [
  "no such overload",
  "division by zero",
  "modulus by zero",
  "integer overflow",
  "unsigned integer overflow",
  "index out of bounds",
  "index out of range",
];
/** Names of types alone. */
const CONVERSION = /^type conversion error from '[\w.]+' to '[\w.]+'$/;
const NAMED = /^(?:no such key: |undefined field ')([^']+)'?$/;

/**
 * The error without what it may quote of a request. A key is kept where the expression has it: then it is the policy's
 * own word (`R.attr.region`), and not an argument by which the policy looked something up (`P.attr.limits[R.attr.to]`).
 */
function withoutValues(error: string, expression: string): string {
  const known = KNOWN.find((text) => error.startsWith(text));
  if (known !== undefined) return known;
  const name = NAMED.exec(error)?.[1];
  if (CONVERSION.test(error) || (name !== undefined && names(expression, name))) return error;
  if (name !== undefined) return "no such key, by a value of the request";
  return "a value of the request could not be used; Cerbos' own log quotes it";
}

/** Whether the expression has this word: as a member, or in quotes. */
function names(expression: string, word: string): boolean {
  return (
    expression.split(/[^\w]+/).includes(word) || expression.includes(`"${word}"`) || expression.includes(`'${word}'`)
  );
}
