import { describe, expect, it } from "vitest";
import { HopwiseError } from "../errors.ts";
import { errorOf, never } from "../world.fixture.ts";
import { attributesFrom } from "./attributes.ts";
import { checkSourceNames, codeOf, gather } from "./gather.ts";

const down = {
  find: async () => {
    throw new Error("down: password hunter2");
  },
};

describe("further sources of attributes", () => {
  it("are asked at once, and each is found under its own name, with where it came from", async () => {
    const sources = {
      risk: { find: (key: string) => ({ score: key.length }) },
      hr: { name: "hr database", find: async () => ({ grade: 7 }), look: () => ({ value: { grade: 7 }, ageMs: 40 }) },
    };
    expect(await gather(sources, "alice", "alice")).toEqual({
      attributes: { risk: { score: 5 }, hr: { grade: 7 } },
      origins: [
        { of: "alice", source: "risk", ageMs: 0 },
        { of: "alice", source: "hr database", ageMs: 40 },
      ],
    });
  });

  it.each<[string, { find(): unknown }, string?]>([
    ["fails", down],
    ["gives no object", { find: () => ["admin"] }, "attributes_invalid"],
    ["gives false", { find: () => false }, "attributes_invalid"],
    ["gives 0", { find: () => 0 }, "attributes_invalid"],
    ["gives an empty text", { find: () => "" }, "attributes_invalid"],
    ["looks and says nothing", { find: () => ({}), look: () => undefined } as never, "attributes_invalid"],
    ["gives what is no data", { find: () => ({ at: new Date(0) }) }, "attributes_invalid"],
  ])("are required: where one %s, it cannot be told", async (_, source, code = "context_unavailable") => {
    const error = await errorOf(gather({ risk: source as never }, "alice", "alice", { hop: 0 }));
    expect(error).toMatchObject({ code, hop: 0 });
    expect(error.message).toContain('"risk"');
    expect(error.message).not.toContain("hunter2");
  });

  it.each<[string, object]>([
    ["has nothing", { find: () => undefined }],
    ["gives null", { find: () => null }],
    ["remembers null", { find: () => null, look: () => ({ value: null, ageMs: 0 }) }],
  ])("are told to be without it where one that is required %s", async (_, source) => {
    const hr = { find: () => ({ level: 3 }) };
    expect(await gather({ hr, risk: source as never }, "alice", "alice")).toEqual({
      attributes: { hr: { level: 3 } },
      origins: [
        { of: "alice", source: "hr", ageMs: 0 },
        { of: "alice", source: "risk", ageMs: 0, missing: true },
      ],
      without: "risk",
    });
  });

  it("fail where one fails, whether or not another has nothing: an outage must not show which keys are known", async () => {
    const late = { find: () => new Promise<never>((_, no) => setTimeout(no, 5, new Error("down"))) };
    const sources = { risk: { find: () => undefined }, hr: late };
    expect((await errorOf(gather(sources, "alice", "alice"))).code).toBe("context_unavailable");
  });

  it("are none where nobody gave any", async () => {
    expect(await gather(undefined, "alice", "alice")).toEqual({ attributes: {}, origins: [] });
    expect(() => checkSourceNames("agents", undefined, "delegation")).not.toThrow();
  });

  it.each([
    ["unusable attributes", new HopwiseError("attributes_invalid", "no object"), "attributes_invalid"],
    [
      "arguments that do not say what to ask for",
      new HopwiseError("arguments_malformed", "no id"),
      "arguments_malformed",
    ],
    ["another error of Hopwise", new HopwiseError("token_expired", "a token inside the source"), "context_unavailable"],
    [
      "a stranger's error of that code",
      Object.assign(new Error("x"), { code: "attributes_invalid" }),
      "context_unavailable",
    ],
  ])("fail with %s under a code that a source may have", (_, cause, code) => {
    expect(codeOf(cause)).toBe(code);
  });

  it("are left out where they are optional by name, and the record says so", async () => {
    const sources = { risk: { ...down, optional: true }, hr: { find: () => undefined, optional: true } };
    expect(await gather(sources, "alice", "alice")).toEqual({
      attributes: {},
      origins: [
        { of: "alice", source: "risk", ageMs: 0, missing: true },
        { of: "alice", source: "hr", ageMs: 0, missing: true },
      ],
    });
  });

  it("are not left out where one that is optional fails and another does not say so", async () => {
    const sources = { hr: { ...down, optional: true }, risk: down };
    expect((await errorOf(gather(sources, "alice", "alice"))).code).toBe("context_unavailable");
  });

  it("are frozen copies: a source that changes its answer afterwards moves nothing", async () => {
    const own = { score: 1 };
    const { attributes } = await gather({ risk: { find: () => own } }, "alice", "alice");
    own.score = 9;
    expect(attributes).toEqual({ risk: { score: 1 } });
  });

  it("may not have a name that Hopwise uses", async () => {
    expect((await errorOf(() => checkSourceNames("sources.user", { delegation: down }, "delegation"))).code).toBe(
      "config_invalid",
    );
    expect(checkSourceNames("sources.user", { risk: down }, "delegation")).toBeUndefined();
  });
});

const NO_DATA =
  'what it gave is not plain JSON at "/at"; give finite numbers (whole ones up to 2^53 - 1), well-formed texts, lists, plain objects';

const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);

describe("what a further source gives", () => {
  it("is taken as plain data alone, and it is said what is wrong with it", async () => {
    expect(attributesFrom({ score: 1 })).toEqual({ score: 1 });
    const noData = await errorOf(() => attributesFrom({ at: new Date(0) }));
    expect(noData).toMatchObject({ code: "attributes_invalid", message: NO_DATA });
    expect(noData.cause).toBeInstanceOf(HopwiseError);
    const noObject = await errorOf(() => attributesFrom("admin"));
    expect([noObject.code, noObject.message]).toEqual(["attributes_invalid", "what it gave is not an object"]);
  });

  it.each<[string, object, string]>([
    ["too long a list", { at: ["x".repeat(300_000)] }, '(they are longer than 262144 characters) at "/at/0"'],
    ["too many levels", { at: nested(20) }, `(nesting deeper than 16) at "/at${"/0".repeat(15)}"`],
    ["a number that no reader holds", { at: 1e18 }, '(a number that cannot be held exactly) at "/at"'],
  ])("is told what is too much of it: %s", async (_, attributes, why) => {
    const message = `what it gave is beyond what a question to the policies holds ${why}`;
    expect(await errorOf(() => attributesFrom(attributes))).toMatchObject({ code: "attributes_invalid", message });
  });

  it.each<[string, { find(): unknown }, string, string?]>([
    ["fails", down, "it failed"],
    ["gives no object", { find: () => "admin" }, "what it gave is not an object", "attributes_invalid"],
    ["gives no data", { find: () => ({ at: new Date(0) }) }, NO_DATA, "attributes_invalid"],
  ])(
    "is a denial that names the source, and why, where it %s",
    async (_, source, why, code = "context_unavailable") => {
      const error = await errorOf(gather({ risk: source as never }, "alice", "agent:planner", { hop: 1 }));
      expect(error.message).toBe(`the source "risk" of agent:planner failed: ${why}`);
      expect([error.code, error.hop]).toEqual([code, 1]);
      expect(error.cause).toBeInstanceOf(Error);
    },
  );

  it("is no attribute at all where an optional one has nothing, and its age is told all the same", async () => {
    const risk = { find: () => undefined, look: () => ({ value: undefined, ageMs: 5 }), optional: true };
    expect(await gather({ risk }, "alice", "alice")).toStrictEqual({
      attributes: {},
      origins: [{ of: "alice", source: "risk", ageMs: 5, missing: true }],
    });
  });

  it("is told apart from Hopwise's own by its name, which the refusal says", async () => {
    const error = await errorOf(() => checkSourceNames("sources.user", { delegation: down }, "delegation"));
    expect(error.message).toBe("sources.user.delegation is Hopwise's own name; call the source otherwise");
  });
});

describe("how long a further source is waited for", () => {
  const late = { find: () => new Promise<{ score: number }>((resolve) => setTimeout(resolve, 20, { score: 1 })) };
  const told = { attributes: { risk: { score: 1 } }, origins: [{ of: "alice", source: "risk", ageMs: 0 }] };

  it("has an end for an optional one: policies are asked without it", async () => {
    const risk = { find: () => never, optional: true };
    expect(await gather({ risk }, "alice", "alice", { patienceMs: 5 })).toEqual({
      attributes: {},
      origins: [{ of: "alice", source: "risk", ageMs: 0, missing: true }],
    });
  });

  it("is for the call's own deadline to say where it is required, and where nobody said how long", async () => {
    expect(await gather({ risk: late }, "alice", "alice", { patienceMs: 1 })).toEqual(told);
    expect(await gather({ risk: { ...late, optional: true } }, "alice", "alice")).toEqual(told);
  });
});
