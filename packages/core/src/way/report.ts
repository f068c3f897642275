import { type Outcome, outcomeRecord } from "../audit/index.ts";
import type { Allowed } from "../decision/index.ts";
import type { EnforcementPoint } from "./options.ts";

/** Writes what came of allowed calls. It never rejects: the tool has run, so there is nothing to deny any more. */
export function reporter({
  audience,
  audit,
  clock,
  telemetry,
}: EnforcementPoint): (decision: Allowed, outcome: Outcome) => Promise<void> {
  return async (decision, outcome) => {
    telemetry.report(decision, outcome);
    try {
      await audit.outcome?.(await outcomeRecord(decision, outcome, audience[0], clock));
    } catch {
      // See above.
    }
  };
}
