import { describe, expect, it } from "vitest";
import { CODES, type DenialCode, type ErrorCode, isDenialCode, rowOf, type Stage, wireCodeOf } from "./codes.ts";

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
    expect(rowOf(code).retryable).toBe(true);
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
    expect(rowOf(code).retryable).toBeUndefined();
  });
});

describe("a refusal of a call that ran, or may have run", () => {
  it.each<readonly [DenialCode, RegExp]>([
    ["result_withheld", /^The tool ran/],
    ["filter_unapplied", /^The search ran/],
    ["proof_replayed", /its call may have run\. Find out before you make it again/],
  ])("%s says so: who reads only that it was refused makes it again, and pays twice", (code, words) => {
    expect(rowOf(code).model).toMatch(words);
    expect(rowOf(code).retryable).toBeUndefined();
  });
});

describe("the table of codes", () => {
  const codes = Object.keys(CODES) as ErrorCode[];

  it.each(codes)("has for %s help, and words for the model where it reads them, as whole sentences", (code) => {
    const { wire, model, help } = rowOf(code);
    if (wire === undefined) expect(model).toMatch(/^[A-Z][^`]+\.$/);
    expect(help).toMatch(/^[A-Z`].+\.$/);
  });

  it("shows callers only codes that have a row of their own, and that stand for nothing else", () => {
    for (const code of codes) {
      const { wire } = rowOf(code);
      if (wire === undefined) continue;
      expect(codes).toContain(wire);
      expect(rowOf(wire as ErrorCode).wire).toBeUndefined();
    }
  });

  it("tells a caller who may not know one thing from the other the same of both", () => {
    expect(wireCodeOf("tool_unguarded")).toBe("policy_denied");
    expect(wireCodeOf("tool_unmapped")).toBe("policy_denied");
    expect(wireCodeOf("user_unknown")).toBe("policy_denied");
    expect(wireCodeOf("agent_tool_refused")).toBe("grant_tool_missing");
    expect(wireCodeOf("registry_unavailable")).toBe("context_unavailable");
    expect(wireCodeOf("policy_denied")).toBe("policy_denied");
  });
});

/** The stages of a call. A new one without a row does not compile. */
const OF_A_CALL: { readonly [S in Stage]: true } = {
  guard: true,
  arguments: true,
  token: true,
  proof: true,
  state: true,
  agents: true,
  grant: true,
  context: true,
  policy: true,
  approval: true,
  spending: true,
  audit: true,
  result: true,
};

it.each(Object.keys(CODES) as ErrorCode[])(
  "a call can end by %s if it is of one of its stages, and else not",
  (code) => {
    expect(isDenialCode(code)).toBe(Object.hasOwn(OF_A_CALL, rowOf(code).stage));
  },
);
