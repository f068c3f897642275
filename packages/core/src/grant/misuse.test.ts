import { describe, expect, it } from "vitest";
import type { JsonValue } from "../json/index.ts";
import { any, anyArguments, cidr, exact, grant, int, oneOf, orNull, range, readGrant, url, wildcard } from "./index.ts";

/** Of a tool of an audience; the audience itself is a URI. */
const QUALIFIED = { "https://a.example#b://c": {} };

const TOOLS = "tools with their arguments, such as { pay: { to: wildcard() } }";
const WHERE = '{ origins, under }, such as { origins: ["https://api.acme.example"] }';
const CONSTRAINT = "a constraint, such as oneOf(…)";
const ARGUMENTS = 'the grant is broken at "/a~1b": constraints by argument are expected, anyArguments or noArguments';
const ONE_BY_ONE = 'give its items one by one, such as oneOf("a", "b"), or oneOf(...list)';
const SCALAR = 'the grant is broken at "/t/a/values/0": a string, number, boolean or null is expected';
const SAYS = "the grant has something that a token cannot say";
const GIVE =
  "give finite numbers (whole ones up to 2^53 - 1), well-formed texts, lists, plain objects, of at most 133 levels and 1000000 characters in all";

/** A list in lists, of so many levels. */
function nested(levels: number): readonly JsonValue[] {
  return levels === 1 ? [] : [nested(levels - 1)];
}

/** What fails when it is read, as a getter of the host's may. */
const failing = {
  get constraint_type(): never {
    throw new TypeError("hunter2");
  },
};

const failingUrl = {
  get origins(): never {
    throw new TypeError("hunter2");
  },
};

describe("who writes a grant is told what came where something else is expected", () => {
  it.each<[said: string, pointer: string, written: () => unknown]>([
    [`grant: tools must be ${TOOLS}; got a Map`, "/tools", () => grant(new Map() as never)],
    [`grant: tools must be ${TOOLS}; got a text`, "/tools", () => grant("pay" as never)],
    [`${ARGUMENTS}; got a text`, "/a~1b", () => grant({ "a/b": "all" as never })],
    [`${ARGUMENTS}; got a list`, "/a~1b", () => grant({ "a/b": [wildcard()] as never })],
    [`${ARGUMENTS}; got a Map`, "/a~1b", () => grant({ "a/b": new Map() as never })],
    ['grant: "*" is no tool; every tool is handed over by everyTool()', "/*", () => grant({ "*": anyArguments })],
    [`${SAYS} at "/t/a/value/1"; ${GIVE}; got NaN`, "/t/a/value/1", () => grant({ t: { a: exact([1, Number.NaN]) } })],
    [
      `${SAYS} at "/t/a/max"; ${GIVE}; got 1000000000000000000`,
      "/t/a/max",
      () => grant({ t: { a: range({ max: 1e18 }) } }),
    ],
    [
      `${SAYS} at "/t/a/value${"/0".repeat(130)}"; ${GIVE}; got an empty list`,
      `/t/a/value${"/0".repeat(130)}`,
      () => grant({ t: { a: exact(nested(131)) } }),
    ],
    [
      `${SAYS} at "/t/a/values/0"; ${GIVE}; got a text`,
      "/t/a/values/0",
      () => grant({ t: { a: oneOf("x".repeat(1e6)) } }),
    ],
    [
      'the grant names "config://app", which cannot be a tool\'s name: it is a URI; a resource is handed over by "mcp:resources/read": { uri: … }',
      "/config:~1~1app",
      () => grant({ "config://app": anyArguments }),
    ],
    ['the grant names "https://a.example#b://c"', "/https:~1~1a.example#b:~1~1c", () => readGrant(QUALIFIED)],
    [`${SAYS} at ""; ${GIVE}; got a function`, "", () => readGrant(() => {})],
    [`${SCALAR}; got an object`, "/t/a/values/0", () => grant({ t: { a: oneOf({} as never) } })],
    [
      `${SCALAR}; got a list of 2; ${ONE_BY_ONE}`,
      "/t/a/values/0",
      () => grant({ t: { a: oneOf(["a", "b"] as never) } }),
    ],
    [
      'the grant is broken at "/t/a/values": an array of 1 to 64 items is expected; got a list of 65',
      "/t/a/values",
      () => grant({ t: { a: oneOf(...Array.from({ length: 65 }, (_, i) => i)) } }),
    ],
    [
      'the grant is broken at "/t/a/ranges/0": a text that is not empty is expected; got a list of 1; give',
      "/t/a/ranges/0",
      () => grant({ t: { a: cidr(["10.0.0.0/8"] as never) } }),
    ],
    [
      'the grant is broken at "/t/a/constraints/0": an object is expected; got a list of 1; give',
      "/t/a/constraints/0",
      () => grant({ t: { a: any([int()] as never, int()) } }),
    ],
    [`url: where must be ${WHERE}; got a text`, "/where", () => url("https://a.example" as never)],
    [`url: where must be ${WHERE}; got a Map`, "/where", () => url(new Map() as never)],
    [`url: where must be ${WHERE}`, "/where", () => url(failingUrl as never)],
    ['int: mni is not an option; did you mean "min"?', "/mni", () => int({ mni: 1 } as never)],
    ['range: abvoe is not an option; did you mean "above"?', "/abvoe", () => range({ abvoe: 1 } as never)],
    [`orNull: constraint must be ${CONSTRAINT}; got 5`, "/constraint", () => orNull(5 as never)],
    [`orNull: constraint must be ${CONSTRAINT}; got a Map`, "/constraint", () => orNull(new Map() as never)],
    [`orNull: constraint must be ${CONSTRAINT}`, "/constraint", () => orNull(failing as never)],
  ])("%s", (said, pointer, written) => {
    let told: unknown;
    try {
      written();
    } catch (error) {
      told = error;
    }
    expect(told).toMatchObject({ code: "config_invalid", pointer });
    expect((told as Error).message.slice(0, said.length)).toBe(said);
    expect((told as Error).message).not.toContain("hunter2");
  });
});
