import type { Allowed } from "../decision/index.ts";
import type { Taken } from "./stages/spending.ts";

/** What allowed calls took, until it is reported what came of them. */
const taken = new WeakMap<Allowed, Taken>();

export function keepTaken(decision: Allowed, what: Taken | undefined): Allowed {
  if (what !== undefined) taken.set(decision, what);
  return decision;
}

/** Gives back what the call took where nothing happened; else it stays spent. Nobody waits for it. */
export function settleTaken(decision: Allowed, nothingHappened: boolean): void {
  taken.get(decision)?.settle(nothingHappened ? "nothing_happened" : "spent");
  taken.delete(decision);
}
