import type { Allowed } from "../decision/index.ts";
import { onceInProcess } from "../lib/index.ts";
import { isObject, mustBe } from "../options/index.ts";
import type { Taken } from "./stages/spending.ts";

/** What allowed calls took, until it is reported what came of them. */
const taken = new WeakMap<Allowed, Taken>();

/** The decisions that allowed a call, as they were given: a copy of one would be run, and reported, a second time. */
const given = onceInProcess("allowed/1", () => new WeakSet<object>());

/** @throws {HopwiseError} `config_invalid` for what is no decision that allowed a call, and for a copy of one */
export function checkGiven(called: string, decision: unknown): void {
  if (given.has(Object(decision))) return;
  const what =
    "the very object with which an authorizer of this process allowed the call: a copy of it, as by a spread or JSON, is nobody's";
  mustBe(called, "decision", what, decision);
}

export function keepTaken(decision: Allowed, what: Taken | undefined): Allowed {
  given.add(decision);
  if (what !== undefined) taken.set(decision, what);
  return decision;
}

/** Calls of which the tool itself said that nothing happened. */
const nothing = onceInProcess("nothing-happened/1", () => new WeakSet<object>());

/**
 * Says of a call that runs that nothing happened by it: what it took from a budget is given back when its outcome is
 * reported. For adapters, which let a tool say so.
 *
 * @throws {HopwiseError} `config_invalid` for what is no decision
 */
export function saidNothingHappened(decision: Allowed): void {
  if (!isObject(decision)) mustBe("saidNothingHappened", "decision", "a decision that allowed a call", decision);
  nothing.add(decision);
}

/** Whether the tool said so: then what `decision.left` says is true no more. */
export function didNothing(decision: object): boolean {
  return nothing.has(decision);
}

/** Gives back what the call took where nothing happened; else it stays spent. Nobody waits for it. */
export function settleTaken(decision: Allowed, nothingHappened: boolean): void {
  taken.get(decision)?.settle(nothingHappened ? "nothing_happened" : "spent");
  taken.delete(decision);
}
