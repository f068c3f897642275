import type { OutputResult } from "@cerbos/core";
import { describe, expect, it } from "vitest";
import { readOutputs } from "./outputs.ts";

const output = (value: unknown, source = "resource.payment.v1#limit"): OutputResult =>
  ({ action: "send", source, value }) as OutputResult;
const read = (...values: unknown[]) => readOutputs(values.map((value) => output(value)));

describe("the outputs of policy rules", () => {
  it("are read as reasons, in order, from every rule", () => {
    expect(read({ reason: "first" }, { reason: "second" })).toEqual({
      reasons: ["first", "second"],
      rules: Array(2).fill("resource.payment.v1#limit"),
    });
    expect(read()).toStrictEqual({ reasons: [], rules: [] });
    expect(read({})).toEqual({ reasons: [], rules: [] });
  });

  it.each<[string, unknown, string]>([
    ["a typo in an obligation", { redcat: ["iban"] }, 'has "redcat", which this version cannot fulfil'],
    ["an obligation of a later version", { watermark: true }, 'has "watermark", which this version cannot fulfil'],
    ["a name that every object has", { toString: "x" }, 'has "toString", which this version cannot fulfil'],
    ["a name in the place of a pointer", { redact: ["iban"] }, "is not a list of JSON pointers"],
    ["one pointer that is no list", { redact: "/iban" }, "is not a list of JSON pointers"],
    ["a pointer to the whole result", { redact: [""] }, "is not a list of JSON pointers"],
    ["a pointer with a broken escape", { redact: ["/a~2"] }, "is not a list of JSON pointers"],
    ["an approval that does not say why", { approval: true }, "is neither a text that says why nor"],
    ["an empty approval", { approval: "" }, "is neither a text that says why nor"],
    ["an approval that says nothing anybody sees", { approval: " \u200b\n" }, "is neither a text that says why nor"],
    ["an approval of nobody", { approval: { reason: "large", approvers: 0 } }, "with 1 to 64 of them"],
    ["an approval of too many", { approval: { reason: "large", approvers: 65 } }, "with 1 to 64 of them"],
    ["an approval with a misspelt number", { approval: { reason: "large", aprovers: 2 } }, "with 1 to 64 of them"],
    ["a limit of nothing", { limit: 10 }, "is not a map of JSON pointers"],
    ["a negative limit", { limit: { "/lines": -1 } }, "is not a map of JSON pointers"],
    ["a limit that is no whole number", { limit: { "/lines": 1.5 } }, "is not a map of JSON pointers"],
    ["a limit at no pointer", { limit: { lines: 1 } }, "is not a map of JSON pointers"],
    ["a reason of another case", { Reason: "x" }, 'has "Reason", which this version cannot fulfil'],
    ["a reason that is a number", { reason: 7 }, "is not a text"],
    ["a reason that is null", { reason: null }, "is not a text"],
    ["a reason that is a list", { reason: ["x"] }, "is not a text"],
    ["no value, because the expression failed", undefined, "failed"],
    ["null", null, "is not an object"],
    ["a number", 1, "is not an object"],
    ["a list", [{ reason: "x" }], "is not an object"],
    ["false", false, "is not an object"],
    ["an obligation that was written as a text", '{"redact": ["/iban"]}', "is a text that looks like an object"],
    ["a half of one", " {redact: /iban", "is a text that looks like an object"],
  ])("are a problem with %s, and it names the rule", (_, value, problem) => {
    const reading = read(value);
    expect(reading.problem).toContain(problem);
    expect(reading.problem).toContain("resource.payment.v1#limit");
  });

  it("are reasons where they are a text, as many policies have them", () => {
    expect(read("their own region")).toEqual({
      reasons: ["their own region"],
      rules: ["resource.payment.v1#limit"],
    });
  });

  it("are problems in words that are safe to print, also where the rule's name is not", () => {
    const reading = readOutputs([output(undefined, "resource.x#\u001b[2Jallowed\nyes")]);
    expect(reading.problem).toBe("the output of resource.x# [2Jallowed yes failed");
  });

  it("are read as obligations, which add up: every redaction, the strictest limit, the first approval", () => {
    const reading = read(
      { redact: ["/iban"], limit: { "": 10, "/lines": 5 } },
      { redact: ["/iban", "/lines/*/price"], limit: { "/lines": 7 }, approval: "large" },
      { reason: "small", approval: { reason: "late", approvers: 3 } },
    );
    expect(reading.problem).toBeUndefined();
    expect(reading.obligations).toEqual({
      redact: ["/iban", "/lines/*/price"],
      limit: { "": 10, "/lines": 5 },
      approval: "large",
      approvers: 3,
    });
  });

  it("name how many people must approve where one is not enough", () => {
    const approvalBy = (approvers: number) => read({ approval: { reason: "large", approvers } }).obligations;
    expect(approvalBy(64)).toMatchObject({ approval: "large", approvers: 64 });
    expect(approvalBy(1)).not.toHaveProperty("approvers");
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

describe("an obligation of policies that is right in part", () => {
  it.each<[string, unknown]>([
    ["a list of pointers with a name among them", { redact: ["/iban", "name"] }],
    ["a list with a list of a pointer in it, which looks like one as a text", { redact: [["/iban"]] }],
    ["limits of which one stands at no pointer", { limit: { "/lines": 1, rows: 1 } }],
    ["limits of which one is no number", { limit: { "/lines": 1, "/rows": "1" } }],
    ["a limit that is null", { limit: null }],
    ["a limit that is a list", { limit: [1] }],
  ])("is a problem as a whole, and none of it an obligation: %s", (_, value) => {
    const reading = read(value);
    expect(reading.problem).toBeTruthy();
    expect(reading).not.toHaveProperty("obligations");
  });

  it("may limit a list to nothing", () => {
    expect(read({ limit: { "/lines": 0 } })).toMatchObject({ obligations: { limit: { "/lines": 0 } } });
  });
});
