/** Records for tests, also for processes that write them: nothing here needs a test runner. */
import type { DecisionRecord, OutcomeRecord } from "@hopwise/core/audit";

export function decision(changed: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    version: 1,
    kind: "decision",
    invocation: "inv",
    time: new Date().toISOString(),
    audience: "https://pay.acme.example/mcp",
    via: "proof",
    tokens: [],
    tool: "send_payment",
    argumentsHash: { received: "h" },
    outcome: "allowed",
    verdicts: [],
    timings: {},
    ...changed,
  };
}

export function outcome(changed: Partial<OutcomeRecord> = {}): OutcomeRecord {
  return {
    version: 1,
    kind: "outcome",
    invocation: "inv",
    time: new Date().toISOString(),
    audience: "https://pay.acme.example/mcp",
    tool: "send_payment",
    outcome: "returned",
    durationMs: 12,
    ...changed,
  };
}
