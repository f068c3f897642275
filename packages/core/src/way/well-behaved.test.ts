/** Functions of the tool map, and makers of nonces, that give something else than their types say. */
import { describe, expect, it } from "vitest";
import { HopwiseError } from "../errors.ts";
import type { ToolEntry } from "../resource/index.ts";
import type { Nonces } from "../token/index.ts";
import { errorOf, NOW, never } from "../world.fixture.ts";
import { behavedNonces, behavedTools } from "./well-behaved.ts";

const TIMES = { issuedAt: NOW, expiresAt: NOW + 60 };

describe("a maker of nonces", () => {
  const noncesOf = (parts: { readonly [of in keyof Nonces]?: (...given: never[]) => unknown }) =>
    behavedNonces({ issue: async () => "n", timesOf: async () => TIMES, ...parts } as Nonces, 5);

  it("is asked for what it is, and its answers are read", async () => {
    const asked: unknown[] = [];
    const nonces = noncesOf({
      issue: (now) => {
        asked.push(now);
        return "nonce";
      },
      timesOf: (nonce, now) => {
        asked.push(nonce, now);
        return { ...TIMES, more: 1 };
      },
    });
    expect([await nonces.issue(NOW), await nonces.timesOf("nonce", NOW + 1)]).toEqual(["nonce", TIMES]);
    expect(asked).toEqual([NOW, "nonce", NOW + 1]);
    expect(await noncesOf({ timesOf: async () => undefined }).timesOf("n", NOW)).toBeUndefined();
  });

  it.each([undefined, null, "", 5, {}])("that makes %j makes none", async (nonce) => {
    expect(await errorOf(noncesOf({ issue: async () => nonce }).issue(NOW))).toMatchObject({
      code: "state_unavailable",
      message: "the maker of nonces gave no text",
    });
  });

  it.each([
    null,
    5,
    "",
    {},
    { issuedAt: NOW },
    { expiresAt: NOW },
    { ...TIMES, issuedAt: Number.NaN },
    { ...TIMES, expiresAt: Number.POSITIVE_INFINITY },
    { ...TIMES, expiresAt: String(NOW) },
  ])("that gives %j for times gives none", async (times) => {
    expect(await errorOf(noncesOf({ timesOf: async () => times }).timesOf("n", NOW))).toMatchObject({
      code: "state_unavailable",
      message: "the maker of nonces gave no times of one",
    });
  });

  it("is waited for as long as the deadline lets it, and its faults are told in our words", async () => {
    const failing = (how: () => unknown) => noncesOf({ issue: how, timesOf: how });
    for (const [how, message] of [
      [() => never, "the maker of nonces gave no answer within 5 ms"],
      [() => Promise.reject(new Error("hunter2")), "the maker of nonces failed"],
    ] as const) {
      for (const ask of [() => failing(how).issue(NOW), () => failing(how).timesOf("n", NOW)]) {
        expect(await errorOf(ask)).toMatchObject({ code: "state_unavailable", message });
      }
    }
  });
});

describe("a tool map that behaves", () => {
  const behaved = (entry: object) => behavedTools({ pay: { kind: "k", action: "a", ...entry } })["pay"] as ToolEntry;
  const call = (of: keyof ToolEntry, entry: object, ...given: unknown[]): unknown =>
    (behaved(entry)[of] as (...given: unknown[]) => unknown)(...given);

  it("has what is no function as it was", () => {
    const entry = { kind: "payment", action: "send", id: "id", list: "list", argumentsAs: "input" };
    expect(behavedTools({ pay: entry, "*": { kind: "k", action: "a" } })).toStrictEqual({
      pay: entry,
      "*": { kind: "k", action: "a" },
    });
  });

  it.each<[keyof ToolEntry, unknown, unknown]>([
    ["action", "send", "send"],
    ["id", "i", "i"],
    ["id", "\u200b", "\u200b"],
    ["id", "", ""],
    ["id", undefined, ""],
    ["list", { action: "list", more: 1 }, { action: "list" }],
    ["list", { action: "list", id: "i", attributes: { a: 1 } }, { action: "list", id: "i", attributes: { a: 1 } }],
  ])("reads what the function that gives its %s makes: %j", (of, made, read) => {
    const asked: unknown[] = [];
    const make = (...given: unknown[]): unknown => {
      asked.push(...given);
      return made;
    };
    expect(call(of, { [of]: make }, "pay", { a: 1 })).toStrictEqual(read);
    expect(asked).toEqual(["pay", { a: 1 }]);
  });

  it("has attributes as a copy", () => {
    const attributes = { a: 1 };
    const listed = call("list", { list: () => ({ action: "list", attributes }) }) as { readonly attributes: object };
    expect(listed.attributes).not.toBe(attributes);
  });

  it.each<[keyof ToolEntry, unknown]>([
    ...[undefined, null, "", 5, {}, "a\u200bb"].map((made): [keyof ToolEntry, unknown] => ["action", made]),
    ...[null, 5, {}, ["i"]].map((made): [keyof ToolEntry, unknown] => ["id", made]),
    ...[undefined, null, "list", {}, { action: "" }, { action: 5 }, { action: "a\u200bb" }].map(
      (made): [keyof ToolEntry, unknown] => ["list", made],
    ),
    ["list", { action: "list", id: "" }],
    ["list", { action: "list", id: null }],
    ["list", { action: "list", attributes: 5 }],
  ])("refuses what the function that gives its %s makes: %j", async (of, made) => {
    expect(await errorOf(() => call(of, { [of]: () => made }))).toMatchObject({
      code: "attributes_invalid",
      message: `the function that gives the tool map's ${of} gave something else`,
      cause: expect.any(Error),
    });
  });

  it.each(["action", "id", "list"] as const)(
    "tells in its own words that the function that gives its %s threw",
    async (of) => {
      const thrown = new Error("hunter2");
      const throws = (): never => {
        throw thrown;
      };
      const failed = await errorOf(() => call(of, { [of]: throws }));
      expect(failed.code).toBe("context_unavailable");
      expect(failed.message).toMatch(new RegExp(`^the function that gives the tool map's ${of} failed`));
      expect(failed.message).not.toContain("hunter2");
      expect(failed.cause).toBe(thrown);
      const own = (): never => {
        throw new HopwiseError("attributes_invalid", "no such tenant");
      };
      expect((await errorOf(() => call(of, { [of]: own }))).code).toBe("attributes_invalid");
    },
  );
});
