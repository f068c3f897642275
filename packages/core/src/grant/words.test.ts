import { expect, it, describe as suite } from "vitest";
import { errorOf } from "../world.fixture.ts";
import { type Constraint, KINDS } from "./constraint.ts";
import {
  absent,
  all,
  any,
  anyArguments,
  cidr,
  contains,
  describe,
  describeArguments,
  diff,
  each,
  exact,
  findExtension,
  findWidening,
  grant,
  int,
  length,
  noArguments,
  notOneOf,
  object,
  oneOf,
  optional,
  path,
  prefix,
  range,
  readGrant,
  subset,
  suffix,
  url,
  wildcard,
  words,
} from "./index.ts";
import { makeGrant } from "./made.ts";
import { parseGrant } from "./parse.ts";

suite("a grant in words", () => {
  it("names each tool and each argument, with every type of constraint", () => {
    const text = describe(
      grant({
        ping: noArguments,
        raw: anyArguments,
        pay: {
          to: wildcard(),
          amount: int({ min: 1, max: 1000 }),
          rate: range({ above: 0, below: 1 }),
          currency: oneOf("EUR", "USD"),
          memo: optional(length(140)),
          debug: absent(),
        },
        find: {
          tags: contains("a"),
          only: subset("b", 1),
          not: notOneOf("x"),
          both: all(prefix("a"), suffix("z")),
          either: any(exact(null), int()),
        },
        open: {
          file: path("/data"),
          page: url({ origins: ["https://docs.example"], under: "/pub" }),
          list: each(int({ max: 9 })),
          form: object({ name: wildcard(), nick: optional(exact({ b: [1], a: "x" })), no: absent() }),
          host: cidr("10.0.0.0/8", "::1/128"),
        },
      }),
    );
    expect(text.split("\n")).toEqual([
      "ping: no arguments",
      "raw: any arguments",
      'pay: to is any value; amount is a whole number of at least 1 and at most 1000; rate is a number of more than 0 and less than 1; currency is one of "EUR", "USD"; memo may be left out, else is at most 140 long; debug must be left out',
      'find: tags is a list that has "a"; only is a list of nothing but "b", 1; not is anything but "x"; both is (a text that starts with "a") and (a text that ends with "z"); either is null or a whole number',
      'open: file is a path at or below "/data"; page is a URL of https://docs.example at or below "/pub"; list is a list of which each is a whole number of at most 9; form is an object whose name is any value, nick may be left out, else is {"a":"x","b":[1]}, no must be left out, and nothing else; host is an address in 10.0.0.0/8 or ::1/128',
    ]);
    expect(describe(grant({}))).toBe("nothing");
    const origins = ["https://a.example", "https://b.example"];
    expect(describe(grant({ t: { page: url({ origins }), form: object({ a: wildcard(), b: exact(1) }) } }))).toBe(
      "t: page is a URL of https://a.example or https://b.example; form is an object whose a is any value, b is 1, and nothing else",
    );
  });
});

/** Constraints of every kind, alone and put together, some of them written the same way but for where one ends. */
const alone = [
  exact("a"),
  exact("b"),
  oneOf("a", "b"),
  notOneOf("a", "b"),
  contains("a"),
  contains("a", "b"),
  subset("a", "b"),
].concat(
  [
    range({ max: 1 }),
    int(),
    prefix("a"),
    suffix("b"),
    length(1),
    path("/a"),
    cidr("10.0.0.0/8", "::1/128"),
    wildcard(),
  ] as never,
  [
    url({ origins: ["https://a.example", "https://b.example"] }),
    url({ origins: ["https://b.example"], under: "/a or b" }),
  ] as never,
) as readonly Constraint[];
const around = (inner: readonly Constraint[], beside: readonly Constraint[]): readonly Constraint[] =>
  inner.flatMap((one) => [
    each(one),
    object({ x: one }),
    object({ x: optional(one) }),
    ...beside.flatMap((two) => [
      any(one, two),
      all(one, two),
      any(two, one),
      all(two, one),
      object({ x: one, y: two }),
      object({ x: two, y: one }),
      object({ x: optional(one), y: absent() }),
    ]),
  ]);

suite("the words of two constraints that differ", () => {
  const few = [exact("a"), exact("b"), notOneOf("a", "b"), prefix("a")];
  const pairs = around(alone, alone);
  const made = [...alone, ...pairs, ...around(around(few, few), few)];

  it("differ, too: who consents to the one is not shown the other", () => {
    const meant = new Map<string, string>();
    for (const constraint of made) {
      const text = words(constraint);
      const own = JSON.stringify(constraint);
      expect(meant.get(text) ?? own, text).toBe(own);
      meant.set(text, own);
    }
    expect(new Set(made.map(({ constraint_type }) => constraint_type)).size).toBe(KINDS.size - 2);
  });

  it("differ by names in which there are words, quotes or nothing, and are the same text for both", () => {
    const odd = ["a", "", " ", "a is 1, b", "a is 1; b", '"a"', "a)", "a\\", "a b", "a\nb", "a\u202eb", "constructor"];
    const said = odd.flatMap((name) => [describeArguments({ [name]: exact(1) }), words(object({ [name]: exact(1) }))]);
    expect(new Set(said).size).toBe(said.length);
    expect(said.filter((text) => /[\n\u202e]/.test(text))).toEqual([]);
    expect(said.slice(0, 8)).toEqual([
      "a is 1",
      "an object whose a is 1, and nothing else",
      '"" is 1',
      'an object whose "" is 1, and nothing else',
      '" " is 1',
      'an object whose " " is 1, and nothing else',
      '"a is 1, b" is 1',
      'an object whose "a is 1, b" is 1, and nothing else',
    ]);
  });

  it("show what nobody would see in a value, and quote the name of a tool that is more than a name", () => {
    const handed = parseGrant(
      { "read: any arguments\npay": { "": { constraint_type: "exact", value: "a\u202eb\u200b" } } },
      { tools: 1, argumentsPerTool: 1, constraintDepth: 1, nameLength: 99, valueLength: 32 },
      "token_malformed",
    );
    expect(describe(makeGrant(handed))).toBe('"read: any arguments\\npay": "" is "a\\u202eb\\u200b"');
  });
});

suite("the difference of two grants", () => {
  const parent = grant({
    pay: { to: wildcard(), amount: int({ max: 1000 }) },
    read: { id: wildcard() },
    raw: anyArguments,
  });

  it("names what narrowed, with both values", () => {
    const child = grant({ pay: { to: exact("Globex"), amount: int({ max: 1000 }) }, raw: { id: exact(1) } });
    expect(diff(parent, child)).toEqual({
      narrowed: [
        { pointer: "/pay/to", parent: wildcard(), child: exact("Globex") },
        { pointer: "/read", parent: { id: wildcard() }, child: undefined },
        { pointer: "/raw", parent: {}, child: { id: exact(1) } },
      ],
    });
    expect(diff(parent, parent)).toEqual({ narrowed: [] });
  });

  it("looks at own names alone, and tells a tool from one whose name begins alike", () => {
    const before = grant({ t: { constructor: exact(1) }, s: { a: exact(1) }, tx: { a: exact(1) } });
    const after = readGrant({ s: { a: exact(2) }, t: {}, tx: { a: exact(2) } });
    expect(diff(before, after).narrowed).toContainEqual({
      pointer: "/t/constructor",
      parent: exact(1),
      child: undefined,
    });
    const gone = diff(grant({ t: { a: exact(1) }, tx: { a: exact(1) } }), grant({ tx: { a: exact(2) } }));
    expect(gone.narrowed).toStrictEqual([{ pointer: "/t", parent: { a: exact(1) } }]);
  });

  it("names nothing of a tool that was handed on as it was, whatever else widened", () => {
    const child = grant({
      pay: { to: wildcard(), amount: int({ max: 1001 }) },
      read: { id: wildcard() },
      raw: anyArguments,
    });
    expect(diff(parent, child).narrowed).toEqual([]);
  });

  it("names exactly what widened: pointer, both values, rule", () => {
    const child = grant({ pay: { to: exact("Globex"), amount: int({ max: 1001 }) } });
    const { narrowed, widened } = diff(parent, child);
    expect(widened).toEqual({
      pointer: "/pay/amount/max",
      rule: "an upper bound may only fall",
      parent: 1000,
      child: 1001,
    });
    expect(narrowed.map(({ pointer }) => pointer)).toEqual(["/pay/to", "/read", "/raw"]);
  });
});

suite("interoperation with the draft alone", () => {
  it("knows its constraint types, however deep another stands", () => {
    expect(findExtension(grant({ a: { b: all(range({}), any(exact(1), subset("x"))) } }))).toBeUndefined();
    expect(findExtension(grant({ a: { b: exact(1), c: any(exact(1), int()) } }))).toBe("/a/c");
    expect(findExtension(grant({ a: { "b/c": optional(exact(1)) } }))).toBe("/a/b~1c");
    expect(findExtension(grant({ a: { b: any(exact(null), exact([1])) } }))).toBe("/a/b");
    expect(findExtension(grant({ a: { b: cidr("::/0") } }))).toBe("/a/b");
  });

  it.each([
    ["exact under not_one_of", notOneOf("a"), exact("b")],
    ["one_of under range", range({ max: 9 }), oneOf(1, 2)],
    ["one_of of one value under exact", exact(1), oneOf(1)],
    ["exact under any", any(exact(1), exact(2)), exact(1)],
  ])("keeps to its table, where Hopwise's own says more: %s", (_, wide, narrow) => {
    expect(findWidening(grant({ t: { a: wide } }), grant({ t: { a: narrow } }))).toBeUndefined();
    expect(findWidening(grant({ t: { a: wide } }), grant({ t: { a: narrow } }), "aat-01")).toMatchObject({
      pointer: "/t/a",
    });
  });

  it.each([
    ["exact under range", range({ max: 9 }), exact(1)],
    ["exact under one_of", oneOf("a", "b"), exact("a")],
    ["one_of under one_of", oneOf("a", "b"), oneOf("b")],
    ["anything under wildcard", wildcard(), all(exact(1), range({}))],
    ["the same, clause by clause", all(range({ max: 9 }), oneOf(1, 2)), all(oneOf(1), range({ max: 8 }))],
  ])("accepts what its table has: %s", (_, wide, narrow) => {
    expect(findWidening(grant({ t: { a: wide } }), grant({ t: { a: narrow } }), "aat-01")).toBeUndefined();
  });
});

suite("a grant that is broken where it is written", () => {
  const at = (constraint: unknown) => () => grant({ pay: { to: constraint as never } });

  it.each<[string, () => unknown, string, string]>([
    ["path of a list", at(path(["/a"] as never)), "/root", "a text that is not empty is expected; got a list"],
    ["path of nothing", at((path as () => never)()), "/root", "a text that is not empty is expected; got nothing"],
    ["prefix of nothing", at(prefix("")), "/value", "a text that is not empty is expected; got an empty text"],
    ["length of bounds", at(length({ min: 1 } as never)), "/max", "such as length(200); got an object"],
    ["range of a text", at(range({ max: "5" } as never)), "/max", "a number is expected; got a text"],
    ["url of a text", at(url({ origins: "https://a.example" } as never)), "/origins", "is expected; got a text"],
    ["each of nothing", at((each as () => never)()), "/constraint", "an object is expected; got nothing"],
    ["no constraint", at("ACME"), "", "such as exact(…) or wildcard(); got a text"],
  ])("says what is expected, and what came: %s", async (_, make, pointer, words) => {
    const error = await errorOf(make);
    expect([error.code, error.pointer]).toEqual(["config_invalid", `/pay/to${pointer}`]);
    expect(error.message).toContain(words);
    expect(error.message).not.toContain("ACME");
  });

  it("is told to its author alone: of what came in a token, the rule says enough", async () => {
    const token = { pay: { to: { constraint_type: "path", root: 5 } } };
    const error = await errorOf(() => parseGrant(token, LIMITS, "token_malformed"));
    expect(error.message).toMatch(/a text that is not empty is expected$/);
  });

  it("says of what is empty that it is", () => {
    expect(describe(grant({ pay: { to: subset(), card: object({}) } }))).toBe(
      "pay: to is an empty list; card is an empty object",
    );
  });
});

const LIMITS = { tools: 8, argumentsPerTool: 8, constraintDepth: 8, nameLength: 64, valueLength: 64 };
