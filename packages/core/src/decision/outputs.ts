import type { OutputResult } from "@cerbos/core";
import { plainText } from "../plain-text.ts";

/** What the outputs of the rules that took part say. */
export interface OutputReading {
  readonly reasons: readonly string[];
  /** Why an output could not be understood; then an allowance must not stand. */
  readonly problem?: string;
}

/**
 * Reads the outputs of policy rules: objects with the member `reason`, a text. Every other member is an obligation
 * that this version cannot fulfil, or a typo in one, and neither may be overlooked.
 */
export function readOutputs(outputs: readonly OutputResult[]): OutputReading {
  const reasons: string[] = [];
  let problem: string | undefined;
  for (const { source, value } of outputs) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      problem ??= value === undefined ? `the output of ${source} failed` : `the output of ${source} is not an object`;
      continue;
    }
    for (const [key, member] of Object.entries(value)) {
      if (key !== "reason")
        problem ??= `the output of ${source} has "${plainText(key)}", which this version cannot fulfil`;
      else if (typeof member !== "string") problem ??= `the reason of ${source} is not a text`;
      else reasons.push(plainText(member));
    }
  }
  return problem === undefined ? { reasons } : { reasons, problem };
}
