import { describe, expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import {
  atOnce,
  checkNames,
  either,
  flag,
  func,
  having,
  list,
  mapOf,
  maybe,
  members,
  nearest,
  optionsOf,
  readerOf,
  text,
  whole,
} from "./index.ts";

interface Key {
  readonly kid: string;
}
interface Options {
  readonly seconds?: number;
  readonly trust: readonly { readonly keys: readonly Key[] | { find(): void } }[];
  readonly on?: boolean;
  readonly named?: { readonly [name: string]: boolean };
  readonly clock?: () => number;
  readonly limits?: { readonly windowSeconds?: number };
}

const KEY = members<Key>({ kid: text("a key's name, such as k1") }, "a key { kid }");
const KEYS = either(
  "a list of keys, or a source of them",
  list(KEY, "a list of keys, at least one", { min: 1 }),
  having("a source", "find"),
);
const read = optionsOf<Options>("make", {
  seconds: maybe(whole({ min: 1, max: 60, example: 30 })),
  trust: list(members<Options["trust"][number]>({ keys: KEYS }, "an anchor"), "a list of anchors"),
  on: maybe(flag()),
  named: maybe(mapOf(flag(), "flags by name")),
  clock: maybe(atOnce("a clock, such as Date.now")),
  limits: maybe(members<object>({ windowSeconds: maybe(flag()) }, "limits") as never),
});

describe("the options of a function", () => {
  it("are a copy: what its caller changes later changes nothing; what has methods stays what it is", () => {
    const source = { find: () => {} };
    const given = { trust: [{ keys: [{ kid: "k1" }] }, { keys: source }], named: { a: true } };
    const options = read(given);
    expect(options).toEqual(given);
    given.trust.length = 0;
    given.named.a = false;
    expect(options).toMatchObject({ trust: [{ keys: [{ kid: "k1" }] }, {}], named: { a: true } });
    expect(options.trust[1]?.keys).toBe(source);
  });

  it("may be functions by any names, also by one that every object has", async () => {
    const readRuns = readerOf<object>("make", mapOf(func("a function"), "functions by name"));
    for (const name of ["constructor", "toString", "hasOwnProperty"]) {
      const runs = { [name]: () => {} };
      expect(readRuns(runs)).toEqual(runs);
      expect((await errorOf(() => readRuns({ [name]: 5 }))).message).toBe(`make: ${name} must be a function; got 5`);
    }
  });

  it("may be left out, or undefined, which takes the place of no usual value", () => {
    const given = { trust: [], seconds: undefined, limits: { windowSeconds: undefined } } as object as Options;
    expect(Object.entries(read(given))).toEqual([
      ["trust", []],
      ["limits", {}],
    ]);
  });

  it.each<[unknown, string, string?]>([
    [undefined, "make: what it takes must be an object of options, such as { trust }; got nothing"],
    [[], "make: what it takes must be an object of options, such as { trust }; got an empty list"],
    [{}, "make: trust is missing; give a list of anchors", "/trust"],
    [{ trsut: [] }, 'make: trsut is not an option; did you mean "trust"?', "/trsut"],
    [
      { trust: [], colour: 1 },
      "make: colour is not an option; it knows seconds, trust, on, named, clock, limits",
      "/colour",
    ],
    [
      { trust: [], seconds: Number.NaN },
      "make: seconds must be a whole number from 1 to 60, such as 30; got NaN",
      "/seconds",
    ],
    [
      { trust: [], seconds: 30_000 },
      "make: seconds must be a whole number from 1 to 60, such as 30; got 30000",
      "/seconds",
    ],
    [
      { trust: [{ keys: [] }] },
      "make: trust[0].keys must be a list of keys, at least one; got an empty list",
      "/trust/0/keys",
    ],
    [
      { trust: [{ keys: [{ kid: 5 }] }] },
      "make: trust[0].keys[0].kid must be a key's name, such as k1; got 5",
      "/trust/0/keys/0/kid",
    ],
    [
      { trust: [{ keys: [{ kid: "a", kdi: 1 }] }] },
      'make: trust[0].keys[0].kdi is not an option; did you mean "kid"?',
      "/trust/0/keys/0/kdi",
    ],
    [
      { trust: [], windowSeconds: 1 },
      "make: windowSeconds is not an option here; it is one of limits: { windowSeconds: … }",
      "/windowSeconds",
    ],
    [{ trust: [{ kesy: 5 }] }, 'make: trust[0].kesy is not an option; did you mean "keys"?', "/trust/0/kesy"],
    [{ trust: [], named: { "a/b": "hunter2" } }, "make: named.a/b must be true or false; got a text", "/named/a~1b"],
    [
      { trust: [], named: JSON.parse(`{"__proto__":true}`) }, // it would be lost without a word
      "make: named.__proto__ as a name must be another one",
      "/named/__proto__",
    ],
    [{ trust: [], named: new Map() }, "make: named must be flags by name; got a Map", "/named"],
    [
      { trust: [], clock: async () => 1 },
      "make: clock must be a clock, such as Date.now, that is not asynchronous; got an asynchronous function",
      "/clock",
    ],
    [{ trust: Promise.resolve([]) }, "make: trust must be a list of anchors; got a promise; await it first", "/trust"],
  ])("are refused where %j came, with the path, what is expected, and what came", async (given, message, pointer) => {
    const error = await errorOf(() => read(given));
    expect(error.code).toBe("config_invalid");
    expect(error.message).toBe(message);
    expect(error.pointer ?? "").toBe(pointer ?? "");
  });

  it("that are read at each request have their names checked by hand", async () => {
    expect(() => checkNames<Key>("ask", { kid: "a" }, { kid: true })).not.toThrow();
    expect((await errorOf(() => checkNames("ask", { kdi: "a" } as never, { kid: true } as never))).message).toBe(
      'ask: kdi is not an option; did you mean "kid"?',
    );
    expect((await errorOf(() => checkNames("ask", null as never, { kid: true } as never))).message).toContain(
      "got null",
    );
  });

  it.each([Symbol("ask"), null, new Proxy({}, { get: () => failsToBeRead() })])(
    "are refused in our words also by a function whose name is none (%#)",
    async (called) => {
      const error = await errorOf(() => checkNames(called as never, null as never, { kid: true } as never));
      expect(error).toMatchObject({
        code: "config_invalid",
        message: expect.stringMatching(/^a function of Hopwise: /),
      });
    },
  );
});

function failsToBeRead(): never {
  throw new TypeError("read");
}

describe("the name that somebody meant", () => {
  it.each([
    ["nonce", "nonces"],
    ["audiance", "audience"],
    ["Limits", "limits"],
    ["ttl", "ttlMs"],
    ["proofWindow", "proofWindowSeconds"],
    ["password", undefined],
    ["x", undefined],
  ])("%s: %s", (name, meant) => {
    expect(nearest(name, ["nonces", "audience", "limits", "ttlMs", "proofWindowSeconds", "x1y2z3"])).toBe(meant);
  });
});
