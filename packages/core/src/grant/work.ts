/**
 * How much checking a call may cause. A holder who writes many clauses into its own token and sends a long list
 * multiplies one by the other; without a bound, a call within all limits took a second. A constraint never negates
 * another, so refusing at the end of the budget lets nothing through.
 */
export interface Work {
  steps: number;
}

const MAX_STEPS = 100_000;
/** This many characters or array elements are looked at in about one step. */
const ITEMS_PER_STEP = 16;

export function newWork(): Work {
  return { steps: MAX_STEPS };
}

/** Takes steps from the budget; false where too few are left. */
export function spend(work: Work, steps: number): boolean {
  work.steps -= steps;
  return work.steps >= 0;
}

/** Whether a check was ended since it took too long, and not since a value does not pass. */
export function isSpent({ steps }: Work): boolean {
  return steps < 0;
}

/** The steps of looking once at every character of a text, or at every element of an array. */
export function stepsThrough(value: unknown): number {
  return typeof value === "string" || Array.isArray(value) ? Math.ceil(value.length / ITEMS_PER_STEP) : 0;
}
