import type { Decision } from "@hopwise/core";

/** Whether what a call's tool says may not leave as it is: the policies oblige to change it, or filter its rows. */
export function isBound(decision: Decision): boolean {
  return decision.outcome === "allowed" && (decision.obligations !== undefined || decision.filter !== undefined);
}
