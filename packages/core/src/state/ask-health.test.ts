import { describe, expect, it } from "vitest";
import { HopwiseError } from "../errors.ts";
import { never } from "../world.fixture.ts";
import { askHealth } from "./ask-health.ts";

const asked = (answer: unknown) => askHealth("the store", 5, () => answer as never);
const TOKEN = `eyJ${"a".repeat(20)}.eyJ${"b".repeat(20)}.c`;

describe("how a part says that it is", () => {
  it.each<[string, unknown, unknown]>([
    ["well", { ok: true }, { ok: true }],
    ["well, later", Promise.resolve({ ok: true }), { ok: true }],
    ["well, since when", { ok: true, since: "noon" }, { ok: true, since: "noon" }],
    ["well, whatever else it says", { ok: true, problem: "none", more: 1, since: 5 }, { ok: true }],
    ["not well, and why", { ok: false, problem: "it is full" }, { ok: false, problem: "it is full" }],
    [
      "not well, and why, and since when",
      { ok: false, problem: "it is full", since: "noon" },
      { ok: false, problem: "it is full", since: "noon" },
    ],
  ])("is told: %s", async (_, answer, told) => {
    expect(await asked(answer)).toStrictEqual(told);
  });

  it.each([
    undefined,
    null,
    "ok",
    5,
    {},
    { ok: "true" },
    { ok: 1 },
    { ok: false, problem: "" },
    { ok: false, problem: 5 },
    { ok: false, problem: "\u202e" },
  ])("is not well where it says %j, in our words", async (answer) => {
    expect(await asked(answer)).toStrictEqual({ ok: false, problem: "the store says that it is not well" });
  });

  it("is told without line breaks and tokens, which it may quote", async () => {
    const said = `a\nb ${TOKEN}`;
    const told = "a b (a token)";
    expect(await asked({ ok: false, problem: said, since: said })).toStrictEqual({
      ok: false,
      problem: told,
      since: told,
    });
    expect(await asked({ ok: true, since: said })).toStrictEqual({ ok: true, since: told });
  });
});

describe("a part that does not say how it is", () => {
  const told = async (ask: () => never | Promise<never>) => (await askHealth("the store", 5, ask)).problem;

  it("is not well, in words that may be shown", async () => {
    const throws = (): never => {
      throw new Error("redis://:hunter2@cache");
    };
    expect(await askHealth("the store", 5, throws)).toStrictEqual({
      ok: false,
      problem: "the store could not say how it is: it failed",
    });
    expect(await told(async () => throws())).toBe("the store could not say how it is: it failed");
    expect(await told(() => Promise.reject(new HopwiseError("state_unavailable", "it has another clock")))).toBe(
      "the store could not say how it is: it has another clock",
    );
  });

  it("is waited for as long as the deadline lets it", async () => {
    expect(await told(() => never)).toMatch(/^the store could not say how it is: .*no answer within 5 ms/);
  });
});
