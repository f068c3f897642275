import { type Outcome, outcomeRecord } from "../audit/index.ts";
import type { Allowed } from "../decision/index.ts";
import { settleInTime } from "../lib/index.ts";
import type { EnforcementPoint } from "./options.ts";
import { didNothing, settleTaken } from "./taken.ts";

const OUTCOMES: ReadonlySet<unknown> = new Set<Outcome["outcome"]>(["returned", "failed", "withdrawn"]);

/** Writes what came of allowed calls. It never rejects: the tool has run, so there is nothing to deny any more. */
export function reporter({
  audience,
  audit,
  clock,
  telemetry,
  deadlineMs,
}: EnforcementPoint): (decision: Allowed, outcome: Outcome) => Promise<void> {
  const reported = new WeakSet<Allowed>();
  return async (decision, told) => {
    try {
      // Only what was allowed can have come to something, and to one thing.
      if (Object(decision).outcome !== "allowed" || !OUTCOMES.has(Object(told).outcome)) return;
      if (typeof decision.invocation !== "string" || reported.has(decision)) return;
      reported.add(decision);
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
