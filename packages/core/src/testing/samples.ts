import type { DecisionRecord, OutcomeRecord } from "../audit/index.ts";
import type { Denied } from "../decision/index.ts";
import { atLeast, readerOf } from "../options/index.ts";

const readChanged = readerOf<object>("sample", atLeast<object>({}, "an object of changed members"));

const COMMON = {
  invocation: "AAAAAAAAAAAAAAAAAAAAAA",
  time: "2026-01-01T00:00:00.000Z",
  tool: "send_payment",
} as const;
const AUDIENCE = "https://pay.acme.example/mcp";

/** The record of an allowed payment, with members changed: for tests of sinks, and of what reads records. */
export function sampleDecision(changed: Partial<DecisionRecord> = {}): DecisionRecord {
  readChanged(changed);
  return {
    version: 1,
    kind: "decision",
    ...COMMON,
    audience: AUDIENCE,
    via: "proof",
    tokens: [],
    argumentsHash: { received: "h" },
    outcome: "allowed",
    verdicts: [],
    timings: {},
    ...changed,
  };
}

/** The record of what came of that payment, with members changed. */
export function sampleOutcome(changed: Partial<OutcomeRecord> = {}): OutcomeRecord {
  readChanged(changed);
  return {
    version: 1,
    kind: "outcome",
    ...COMMON,
    audience: AUDIENCE,
    outcome: "returned",
    durationMs: 12,
    ...changed,
  };
}

/** A payment that the policies deny to the planner, with members changed: for tests of what shows decisions. */
export function sampleDenied(changed: Partial<Denied> = {}): Denied {
  readChanged(changed);
  return {
    ...COMMON,
    verdicts: [],
    timings: {},
    outcome: "denied",
    code: "policy_denied",
    stage: "policy",
    message: 'policy does not allow this to "agent:planner"',
    retryable: false,
    ...changed,
  };
}
