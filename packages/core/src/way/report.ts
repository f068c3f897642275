import { type Outcome, outcomeRecord } from "../audit/index.ts";
import type { Allowed } from "../decision/index.ts";
import { settleInTime } from "../lib/index.ts";
import { mustBe, reading } from "../options/index.ts";
import type { EnforcementPoint } from "./options.ts";
import { checkGiven, didNothing, settleTaken } from "./taken.ts";

const OUTCOMES: ReadonlySet<unknown> = new Set<Outcome["outcome"]>(["returned", "failed", "withdrawn"]);

/**
 * Writes what came of allowed calls. It rejects for what is no decision or no outcome alone: the tool has run, so there is nothing
 * to deny any more.
 */
export function reporter({
  audience,
  audit,
  clock,
  telemetry,
  deadlineMs,
}: EnforcementPoint): (decision: Allowed, outcome: Outcome) => Promise<void> {
  const reported = new WeakSet<Allowed>();
  return async (decision, given) => {
    // Only what was allowed can have come to something, and to one thing.
    checkGiven("report", decision);
    const told = toldOf(given);
    if (reported.has(decision)) return;
    reported.add(decision);
    try {
      const outcome = didNothing(decision) ? { ...told, nothingHappened: true } : told;
      settleTaken(decision, outcome.nothingHappened === true);
      telemetry.report(decision, outcome);
      // The decision is not on durable record either.
      if (decision.unverified === true) return;
      const record = await outcomeRecord(decision, outcome, audience[0], clock);
      await settleInTime(deadlineMs, audit.outcome?.(record));
    } catch {
      // See above.
    }
  };
}

const TOLD = 'what came of the call, such as { outcome: "returned", result }';

function toldOf(given: Outcome): Outcome {
  return reading("report", "outcome", TOLD, given, (it) =>
    OUTCOMES.has(it.outcome) ? { ...it } : mustBe("report", ["outcome", "outcome"], TOLD, it.outcome),
  );
}
