import { describe, expect, it } from "vitest";
import { type DenialCode, isRetryable } from "./decision.ts";

describe("a denial that may pass later", () => {
  it.each<DenialCode>([
    "token_expired",
    "token_not_yet_valid",
    "proof_nonce_required",
    "context_unavailable",
    "policy_unavailable",
    "audit_unavailable",
    "state_unavailable",
  ])("is one with the code %s", (code) => {
    expect(isRetryable(code)).toBe(true);
  });

  it.each<DenialCode>([
    "policy_denied",
    "delegation_denied",
    "policy_inconclusive",
    "approval_required",
    "grant_tool_missing",
    "grant_argument_refused",
    "proof_replayed",
    "proof_invalid",
    "agent_unknown",
    "token_signature_invalid",
    "arguments_malformed",
  ])("is none with the code %s, however often it is tried", (code) => {
    expect(isRetryable(code)).toBe(false);
  });
});
