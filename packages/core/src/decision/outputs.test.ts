import type { OutputResult } from "@cerbos/core";
import { describe, expect, it } from "vitest";
import { readOutputs } from "./outputs.ts";

const output = (value: unknown, source = "resource.payment.v1#limit"): OutputResult =>
  ({ action: "send", source, value }) as OutputResult;
const read = (...values: unknown[]) => readOutputs(values.map((value) => output(value)));

describe("the outputs of policy rules", () => {
  it("are read as reasons, in order, from every rule", () => {
    expect(read({ reason: "first" }, { reason: "second" })).toEqual({ reasons: ["first", "second"] });
    expect(read()).toStrictEqual({ reasons: [] });
    expect(read({})).toEqual({ reasons: [] });
  });

  it.each<[string, unknown, string]>([
    ["a typo in an obligation", { redcat: ["iban"] }, 'has "redcat", which this version cannot fulfil'],
    ["an obligation of a later version", { redact: ["iban"] }, 'has "redact", which this version cannot fulfil'],
    ["an approval", { approval: true }, 'has "approval", which this version cannot fulfil'],
    ["a limit", { limit: 10 }, 'has "limit", which this version cannot fulfil'],
    ["a reason of another case", { Reason: "x" }, 'has "Reason", which this version cannot fulfil'],
    ["a reason that is a number", { reason: 7 }, "is not a text"],
    ["a reason that is null", { reason: null }, "is not a text"],
    ["a reason that is a list", { reason: ["x"] }, "is not a text"],
    ["no value, because the expression failed", undefined, "failed"],
    ["null", null, "is not an object"],
    ["a text", "denied", "is not an object"],
    ["a number", 1, "is not an object"],
    ["a list", [{ reason: "x" }], "is not an object"],
    ["false", false, "is not an object"],
  ])("are a problem with %s, and it names the rule", (_, value, problem) => {
    const reading = read(value);
    expect(reading.problem).toContain(problem);
    expect(reading.problem).toContain("resource.payment.v1#limit");
  });

  it("are a problem where one of many is, and the reasons are still there", () => {
    expect(read({ reason: "a" }, { redcat: 1 }, { reason: "b" })).toMatchObject({
      reasons: ["a", "b"],
      problem: expect.any(String),
    });
    expect(read({ reason: "a", redcat: 1 })).toMatchObject({ reasons: ["a"], problem: expect.any(String) });
  });

  it.each<[string, string, string]>([
    ["line breaks", "no\r\ndenied: false", "no denied: false"],
    ["escape sequences of a terminal", "\u001b[2J\u001b[31mallowed\u001b[0m", "[2J [31mallowed [0m"],
    ["eight-bit escape sequences", "\u009b31mallowed", "31mallowed"],
    ["a NUL and a bell", "a\u0000b\u0007c", "a b c"],
    ["marks that turn the direction", "pay \u202e0001\u202c to \u2066x\u2069", "pay  0001  to  x"],
    ["letters of no width", "pay\u200bme\u2060now\ufeff", "pay me now"],
    ["tags that hide words", "ok\u{e0041}\u{e0042}\u{e007f}", "ok"],
    ["separators of lines and paragraphs", "a\u2028b\u2029c", "a b c"],
    ["white space at the ends", "  a \t", "a"],
  ])("give reasons without %s", (_, reason, safe) => {
    expect(read({ reason }).reasons).toEqual([safe]);
  });

  it("give reasons of a bounded length", () => {
    const [reason] = read({ reason: "x".repeat(100_000) }).reasons;
    expect(reason?.length).toBeLessThanOrEqual(501);
    expect(read({ reason: "x".repeat(500) }).reasons[0]).toHaveLength(500);
  });

  it("do not carry control characters in the name of an unknown member into the problem", () => {
    expect(read({ "\u001b[31mx\n": 1 }).problem).not.toMatch(/\p{Cc}/u);
  });
});
