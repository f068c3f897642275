import { describe, expect, it } from "vitest";
import type { JsonObject } from "../json/index.ts";
import {
  absent,
  any,
  each,
  exact,
  type Grant,
  grant,
  object,
  optional,
  range,
  type ToolGrantInput,
  url,
  wildcard,
} from "./index.ts";
import { anyArguments, noArguments } from "./markers.ts";
import { couldPermit, permits, refusal, refusalOfRead, refusalOfSent } from "./permits.ts";
import { newWork } from "./work.ts";

const handed = grant({
  send_payment: { to: wildcard(), amount: range({ max: 1000 }), memo: optional(exact("rent")), bonus: absent() },
  read_anything: anyArguments,
  list_accounts: noArguments,
});
const good = { to: "ACME", amount: 900 };

describe("the work that a call may cause", () => {
  const origins = Array.from({ length: 8 }, (_, i) => url({ origins: [`a://b${i}`] }));
  const heavy = grant({ t: { list: each(any(any(...origins), any(...origins), any(...origins))) } });

  it("is bounded: many clauses times a long list are refused, not worked through", () => {
    expect(permits(heavy, "t", { list: Array(100).fill("a://b7") })).toBe(true);
    expect(refusal(heavy, "t", { list: Array(7200).fill("a://b7") })?.code).toBe("grant_argument_refused");
  });

  it("is told as such where it is used up, and not as a value that does not pass: each of these does", () => {
    const told = { rule: expect.stringMatching(/^checking the arguments takes more steps than/), expected: undefined };
    const code = "grant_argument_refused";
    const list = Array<string>(7200).fill("a://b7");
    expect(refusalOfSent(heavy, "t", { list })).toEqual({ code, pointer: "/list", ...told });
    const read = { sent: { list: [] }, parsed: { list } };
    expect(refusalOfRead(heavy, "t", read)).toEqual({ code, pointer: "/list", ...told });
    expect(refusalOfRead(heavy, "t", { sent: {}, parsed: { list } })).toEqual({ code, pointer: "/list", ...told });
    const missing = refusalOfRead(grant({ t: { a: optional(exact(1)) } }), "t", { sent: {} }, { steps: 0 });
    expect(missing).toEqual({ code: "grant_argument_missing", pointer: "/a", ...told });
  });

  it("is one budget for all tokens of a call", () => {
    const work = newWork();
    const args = { list: Array(300).fill("a://b7") };
    const answers = Array.from({ length: 4 }, () => refusal(heavy, "t", args, work) === undefined);
    expect(answers).toEqual([true, false, false, false]);
  });
});

describe("a grant", () => {
  it("covers a call whose arguments all pass", () => {
    expect(refusal(handed, "send_payment", good)).toBeUndefined();
    expect(permits(handed, "send_payment", { ...good, memo: "rent" })).toBe(true);
  });

  it.each([
    ["a value outside", { ...good, amount: 1001 }, "/amount", "the argument does not pass range", range({ max: 1000 })],
    [
      "a coerced value",
      { ...good, amount: "900" },
      "/amount",
      "the argument does not pass range",
      range({ max: 1000 }),
    ],
    ["an argument that was not named", { ...good, cc: "x" }, "/cc", "the argument was not handed over", undefined],
    ["an argument that must be absent", { ...good, bonus: 1 }, "/bonus", "the argument does not pass absent", absent()],
    ["null for absent", { ...good, bonus: null }, "/bonus", "the argument does not pass absent", absent()],
    [
      "an optional argument that does not pass",
      { ...good, memo: null },
      "/memo",
      "the argument does not pass optional",
      optional(exact("rent")),
    ],
    ["a name that needs escaping", { ...good, "a/b~c": 1 }, "/a~1b~0c", "the argument was not handed over", undefined],
    ["an inherited name", { ...good, toString: 1 }, "/toString", "the argument was not handed over", undefined],
  ])("refuses %s, naming the argument and the rule and never the value", (_, args, pointer, rule, expected) => {
    const refused = refusal(handed, "send_payment", args as JsonObject);
    expect(refused).toEqual({ code: "grant_argument_refused", pointer, rule, expected });
  });

  it.each([
    ["one of them", { amount: 900 }],
    ["all of them", {}],
  ])("tells where %s is missing, and what it needs", (_, args) => {
    const rule = "the argument is missing, and wildcard needs one; send it";
    const told = { code: "grant_argument_missing", pointer: "/to", rule, expected: wildcard() };
    expect(refusal(handed, "send_payment", args)).toEqual(told);
    expect(refusalOfSent(handed, "send_payment", args)).toBeUndefined();
  });

  it.each(["delete_account", "SEND_PAYMENT", "send_payment ", "", "toString", "__proto__", "constructor"])(
    "refuses the tool %j, which it does not name",
    (tool) => {
      expect(refusal(handed, tool, good)).toMatchObject({
        code: "grant_tool_missing",
        pointer: "",
        rule: "the tool was not handed over",
      });
    },
  );

  it("does not take an argument from the prototype of the arguments", () => {
    expect(refusal(handed, "send_payment", Object.create({ to: "ACME", amount: 1 }) as JsonObject)?.pointer).toBe(
      "/to",
    );
    const inherited = grant({ t: { toString: wildcard() } });
    expect(permits(inherited, "t", {})).toBe(false);
  });

  it("covers any arguments where it says so, and only for that tool", () => {
    expect(permits(handed, "read_anything", {})).toBe(true);
    expect(permits(handed, "read_anything", { what: ["ever"] })).toBe(true);
  });

  it("covers no arguments but none where it says so", () => {
    expect(permits(handed, "list_accounts", {})).toBe(true);
    expect(permits(handed, "list_accounts", { all: true })).toBe(false);
    expect(permits(handed, "list_accounts", { "": null })).toBe(false);
  });
});

describe("what a grant could cover, of which some arguments are known yet", () => {
  it.each<[string, string, JsonObject, boolean]>([
    ["nothing is known", "send_payment", {}, true],
    ["what is known passes", "send_payment", { amount: 900 }, true],
    ["what is known does not pass", "send_payment", { amount: 1001 }, false],
    ["what is known was not handed over", "send_payment", { cc: "x" }, false],
    ["what is known has an inherited name", "send_payment", { toString: "x" }, false],
    ["any arguments were handed over", "read_anything", { what: "ever" }, true],
    ["no arguments were handed over and some are known", "list_accounts", { all: true }, false],
    ["the tool was not handed over", "delete_account", {}, false],
    ["the tool has an inherited name", "constructor", {}, false],
  ])("where %s", (_, tool, known, could) => {
    expect(couldPermit(handed, tool, known)).toBe(could);
  });
});

describe("arguments as the tool's own schema read them", () => {
  const pay = (tool: ToolGrantInput): Grant => grant({ pay: tool });
  const read = (handed: Grant, sent: JsonObject, parsed: JsonObject, own: readonly string[] = []) =>
    refusalOfRead(handed, "pay", { sent, parsed, isOwn: (name) => own.includes(name) });
  const PUT = /^the tool's own schema put a value there that was not sent/;

  it("pass where they pass as sent and as parsed, and no argument is looked for among the parsed ones alone", () => {
    const handed = pay({ to: wildcard(), amount: any(exact("5"), exact(5)) });
    expect(read(handed, { to: "ACME", amount: "5" }, { to: "ACME", amount: 5 })).toBeUndefined();
    // Renamed or left out by the schema: it was sent.
    expect(read(handed, { to: "ACME", amount: "5" }, { amount: 5 })).toBeUndefined();
    expect(read(handed, { to: "ACME", amount: "5" }, { to: "ACME", amount: 6 })).toMatchObject({
      code: "grant_argument_refused",
      pointer: "/amount",
      rule: "what the tool's own schema made of it does not pass any",
    });
  });

  it("may have what the schema put there where the grant names it and it passes: also as what may be left out", () => {
    for (const constraint of [wildcard(), exact("EUR"), optional(exact("EUR"))]) {
      const handed = pay({ currency: constraint });
      expect(read(handed, {}, { currency: "EUR" })).toBeUndefined();
      if (constraint.constraint_type === "wildcard") continue;
      expect(read(handed, {}, { currency: "USD" }, ["currency"])).toMatchObject({
        code: "grant_argument_refused",
        pointer: "/currency",
        rule: expect.stringMatching(PUT),
        // It was left out: what it has to be helps, and not that it may be left out.
        expected: exact("EUR"),
      });
    }
  });

  it.each([
    ["no grant names", { to: wildcard() }],
    ["must not be sent", { to: wildcard(), limit: absent() }],
  ])("may have one that %s only where it is the tool's own", (_, tool) => {
    const handed = pay(tool);
    expect(read(handed, { to: "ACME" }, { to: "ACME", limit: 10 }, ["limit"])).toBeUndefined();
    expect(read(handed, { to: "ACME" }, { to: "ACME", limit: 10 })).toMatchObject({
      code: "grant_argument_refused",
      pointer: "/limit",
      rule: expect.stringMatching(/was not sent, and it was not handed over/),
      expected: undefined,
    });
  });

  it("are the tool's own nowhere where they were sent", () => {
    expect(refusalOfSent(pay({ limit: absent() }), "pay", { limit: 10 })).toMatchObject({ pointer: "/limit" });
    expect(refusalOfSent(pay({ to: wildcard() }), "pay", { limit: 10 })).toMatchObject({ pointer: "/limit" });
    expect(read(pay({ limit: exact("10") }), { limit: "10" }, { limit: 10 }, ["limit"])).toMatchObject({
      pointer: "/limit",
      rule: "what the tool's own schema made of it does not pass exact",
    });
  });

  it("are nobody's own where nothing says whose they are, and are missing where no rows are said to be asked for", () => {
    const handed = pay({ to: wildcard() });
    expect(refusalOfRead(handed, "pay", { sent: { to: "ACME" }, parsed: { to: "ACME", limit: 10 } })).toMatchObject({
      code: "grant_argument_refused",
      pointer: "/limit",
    });
    expect(refusalOfRead(handed, "pay", { sent: {}, parsed: {} })).toMatchObject({ code: "grant_argument_missing" });
  });

  it("are closed inside an object: what the schema puts there needs a grant", () => {
    const handed = pay({ card: object({ holder: wildcard() }) });
    const sent = { card: { holder: "Ann" } };
    expect(read(handed, sent, { card: { holder: "Ann", currency: "EUR" } }, ["currency", "card"])).toMatchObject({
      pointer: "/card",
    });
  });

  it("are not looked at where the tool was not handed over: what was sent was refused", () => {
    expect(read(pay({ to: wildcard() }), { a: 1 }, { b: 2 })).toBeDefined();
    expect(read(grant({ refund: { to: wildcard() } }), { a: 1 }, { b: 2 })).toBeUndefined();
  });

  it("pass whatever they are where any arguments were handed over", () => {
    expect(read(pay(anyArguments), { a: 1 }, { b: 2 })).toBeUndefined();
  });
});
