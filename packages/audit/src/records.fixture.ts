/** Records of this moment for tests, also for processes that write them: nothing here needs a test runner. */
import type { DecisionRecord, OutcomeRecord } from "@hopwise/core/audit";
import { sampleDecision, sampleOutcome } from "@hopwise/core/testing";

const now = (): { readonly invocation: string; readonly time: string } => ({
  invocation: "inv",
  time: new Date().toISOString(),
});

export function decision(changed: Partial<DecisionRecord> = {}): DecisionRecord {
  return sampleDecision({ ...now(), ...changed });
}

export function outcome(changed: Partial<OutcomeRecord> = {}): OutcomeRecord {
  return sampleOutcome({ ...now(), ...changed });
}
