import { describe, expect, it } from "vitest";
import type { UnverifiedAttempt } from "../audit/index.ts";
import { sampleDecision } from "../testing/samples.ts";
import { onDenial, type SeenDenial } from "./denials.ts";

const attempt: UnverifiedAttempt = {
  invocation: "inv",
  time: "2025-10-09T08:53:20.000Z",
  audience: "https://pay.acme.example/mcp",
  tool: "send_payment",
  code: "proof_missing",
  message: "the call came without a chain",
};
const refused = sampleDecision({ outcome: "denied", code: "policy_denied", message: "not to you" });

describe("a hook for denials", () => {
  it("gets each denial of a caller who is known, with its record, its text and how many there were", () => {
    const seen: SeenDenial[] = [];
    const audit = onDenial((denial) => void seen.push(denial));
    void audit.record(sampleDecision());
    void audit.record(refused);
    void audit.record(refused);
    const text = "denied send_payment: policy_denied: not to you";
    expect(seen).toEqual([
      { code: "policy_denied", text, count: 1, record: refused },
      { code: "policy_denied", text, count: 2, record: refused },
    ]);
  });

  it("gets what shadow mode alone let run, marked as that", () => {
    const seen: SeenDenial[] = [];
    const audit = onDenial(({ text: _, ...denial }) => void seen.push(denial as SeenDenial));
    const shadow = { code: "policy_denied", stage: "policy", message: "no" } as const;
    const let_ = sampleDecision({ enforced: false, shadow });
    void audit.record(let_);
    audit.unverified?.({ ...attempt, enforced: false });
    expect(seen).toEqual([
      { code: "policy_denied", count: 1, record: let_, enforced: false },
      { code: "proof_missing", count: 1, attempt: { ...attempt, enforced: false }, enforced: false },
    ]);
  });

  it("gets one attempt of strangers for each code in a while, or each where it asks for that", () => {
    const counts = (strangers?: "counted" | "each"): number[] => {
      const seen: number[] = [];
      const audit = onDenial(({ count }) => void seen.push(count), strangers === undefined ? {} : { strangers });
      for (let i = 0; i < 5; i++) audit.unverified?.(attempt);
      return seen;
    };
    expect([counts(), counts("counted"), counts("each")]).toEqual([[1], [1], [1, 2, 3, 4, 5]]);
  });

  it("stops no call where it throws", () => {
    const audit = onDenial(() => {
      throw new Error("no metrics");
    });
    expect(() => audit.record(refused)).not.toThrow();
    expect(() => audit.unverified?.(attempt)).not.toThrow();
  });
});
