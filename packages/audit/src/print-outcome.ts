import type { DecisionRecord, OutcomeRecord } from "@hopwise/core/audit";
import { reading } from "@hopwise/core/options";
import { plain } from "./print-record.ts";

/**
 * What came of an allowed call, in one line for people.
 *
 * @param decision what policies obliged to: of a pointer that found nothing in the result, the outcome alone does not tell
 * @throws {HopwiseError} `config_invalid` for what is no record
 */
export function printOutcome(decision: Pick<DecisionRecord, "obligations">, outcome: OutcomeRecord): string {
  const words = () => reading("printOutcome", "outcome", "the record of how a call ended", outcome, lineOf);
  const missed = (owed: typeof decision) => missedPointers(owed, outcome);
  return words() + reading("printOutcome", "decision", "the record of the call", decision, missed);
}

function lineOf(outcome: OutcomeRecord): string {
  const hash = outcome.resultHash === undefined ? "" : `, result sha-256 ${plain(outcome.resultHash)}`;
  const redacted = outcome.redacted?.length ? `, taken out of it: ${outcome.redacted.map(plain).join(", ")}` : "";
  const rows = outcome.rows ? rowsIn(outcome.rows) : "";
  const unchanged = outcome.code === undefined ? ": it could not be changed as the policies oblige to" : "";
  const withheld = outcome.withheld ? `, withheld${unchanged}` : "";
  const why = outcome.code === undefined ? "" : ` (${plain(outcome.code)}: ${plain(outcome.message)})`;
  const nothing = outcome.nothingHappened
    ? ", nothing happened by the tool's own word, and what it took was given back"
    : "";
  const after = `after ${Math.round(outcome.durationMs)} ms`;
  return `${plain(outcome.outcome)}${why} ${after} at ${plain(outcome.time)}${hash}${rows}${redacted}${withheld}${nothing}`;
}

/** A pointer with a typo takes nothing out, and what it was meant for was shown. Rows have pointers of their own, one by one. */
function missedPointers({ obligations }: Pick<DecisionRecord, "obligations">, of: OutcomeRecord): string {
  if (of.outcome !== "returned" || of.withheld || of.rows) return "";
  const missed = (obligations?.redact ?? []).filter((pointer) => !of.redacted?.some((out) => isWithin(pointer, out)));
  return missed.length === 0 ? "" : `, nothing was found in it at: ${missed.map(plain).join(", ")}`;
}

/** What stands in a value that was taken out left with it, and was not looked for. */
function isWithin(pointer: string, out: string): boolean {
  const steps = pointer.split("/");
  return out.split("/").every((step, i) => step === steps[i] || (step === "*" && i < steps.length));
}

function rowsIn({ shown, leftOut, tooLarge, unfit, unfulfilled }: NonNullable<OutcomeRecord["rows"]>): string {
  const since = (count: number | undefined, why: string) =>
    count === undefined ? "" : `, ${plain(count)} of them since they ${why}`;
  const large = since(tooLarge, "are too large to be asked about");
  const misfits = since(unfit, "do not fit their table");
  const unchanged = since(unfulfilled, "could not be changed as the policies oblige to");
  return `, ${plain(shown)} rows passed the second check, ${plain(leftOut)} did not${large}${misfits}${unchanged}`;
}
