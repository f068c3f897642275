import { describe, expect, it } from "vitest";
import type { JsonValue } from "../json/index.ts";
import { passes } from "./check.ts";
import type { Constraint } from "./constraint.ts";
import {
  absent,
  all,
  any,
  cidr,
  contains,
  each,
  exact,
  int,
  length,
  notOneOf,
  object,
  oneOf,
  optional,
  path,
  prefix,
  range,
  subset,
  suffix,
  url,
  wildcard,
} from "./index.ts";
import type { Work } from "./work.ts";

/** One value of every JSON type, and the argument that is not there. */
const everything: readonly (JsonValue | undefined)[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  "",
  "a",
  [],
  ["a"],
  {},
  { a: 1 },
];

const table: readonly [name: string, Constraint, good: readonly unknown[], bad: readonly unknown[]][] = [
  ["exact of a text", exact("a"), ["a"], ["A", "a ", "", ["a"], null, undefined]],
  ["exact of a number", exact(1), [1, 1.0], ["1", true, 1.0000000001, [1], undefined]],
  ["exact of zero", exact(0), [0, -0], ["0", false, null, "", undefined]],
  ["exact of true", exact(true), [true], ["true", 1, false, undefined]],
  ["exact of null", exact(null), [null], [0, "", "null", false, {}, undefined]],
  ["exact, which normalises nothing", exact("\u00e9"), ["\u00e9"], ["e\u0301", "\u00c9"]],
  [
    "exact of a list",
    exact([1, "a", [null]]),
    [
      [1, "a", [null]],
      [1.0, "a", [null]],
    ],
    [[1, "a"], ["a", 1, [null]], [1, "a", [null], 1], [1, "a", [[null]]], { 0: 1, 1: "a", 2: [null] }, null, undefined],
  ],
  [
    "exact of an object, whatever the order of its members",
    exact({ a: 1, b: { c: [0] } }),
    [
      { a: 1, b: { c: [0] } },
      { b: { c: [-0] }, a: 1 },
    ],
    [{ a: 1 }, { a: 1, b: { c: [0] }, d: 1 }, { a: 1, b: { c: ["0"] } }, { a: 1, d: { c: [0] } }, [], null, undefined],
  ],
  ["exact of nothing in it", exact([]), [[]], [{}, [[]], null, "", undefined]],
  ["exact of an inherited name", exact({ toString: 1 }), [{ toString: 1 }], [{}, { a: 1 }, undefined]],
  ["one_of", oneOf("a", 1, null), ["a", 1, null], ["1", "b", true, ["a"], [], {}, undefined]],
  ["one_of zero", oneOf(0), [-0], [false, "", undefined]],
  ["not_one_of", notOneOf("a", 1), ["b", "1", true, null, [], ["a"], {}], ["a", 1, undefined]],
  ["range, inclusive by default", range({ min: 1, max: 2 }), [1, 1.5, 2], [0.999, 2.001, "1", [1], null, undefined]],
  ["range, exclusive below", range({ above: 1 }), [1 + Number.EPSILON, 1e300], [1, 0, undefined]],
  ["range, exclusive above", range({ below: 2 }), [2 - Number.EPSILON, -1e300], [2, 3, undefined]],
  ["range without bounds", range({}), [0, -1.5, 1e308], ["0", null, true, Number.NaN, Infinity, -Infinity, undefined]],
  ["range of one ulp", range({ max: 1000 }), [1000], [1000.0000000000001]],
  ["int", int({ min: 1, max: 3 }), [1, 2, 3, 2.0], [0, 4, 1.5, "2", null, true, [2], undefined]],
  ["int without bounds", int(), [0, -1, 2 ** 53 - 1, -(2 ** 53) + 1], [2 ** 53, 0.1, Number.NaN, Infinity, undefined]],
  [
    "contains",
    contains("a", 1),
    [
      ["a", 1],
      [1, "b", "a"],
    ],
    [["a"], ["a", "1"], "a", [["a"], 1], [], undefined],
  ],
  ["contains, of arrays of scalars only", contains("a"), [["a", null]], [["a", ["b"]], ["a", {}], { 0: "a" }]],
  ["subset", subset("a", 1), [[], ["a"], [1, "a", "a"]], [["b"], ["a", "1"], "a", [["a"]], {}, undefined]],
  ["subset of nothing", subset(), [[]], [["a"], [null], undefined]],
  ["all", all(range({ min: 0 }), range({ max: 9 })), [0, 9], [-1, 10, "5", undefined]],
  ["any", any(exact("a"), range({ min: 5 })), ["a", 5], ["b", 4, null, undefined]],
  ["all of any", all(any(exact(1), exact(2)), any(exact(2), exact(3))), [2], [1, 3, undefined]],
  ["wildcard", wildcard(), everything, [undefined]],
  ["prefix", prefix("INV-"), ["INV-", "INV-7"], ["inv-7", "IN", " INV-7", 7, null, ["INV-7"], undefined]],
  ["suffix", suffix(".pdf"), [".pdf", "a.pdf"], ["a.PDF", "a.pdf ", "pdf", null, undefined]],
  [
    "path",
    path("/data/in"),
    ["/data/in", "/data/in/a", "/data/in/a.b/c d"],
    [
      ..."/data/input /data /data/in/ /data//in /data/in/../x /data/in/. /data/in/%2e%2e data/in /data/in\\..".split(
        " ",
      ),
      "/data/in/a\0b",
      "",
      1,
      undefined,
    ],
  ],
  [
    "path below the root of all",
    path("/"),
    ["/", "/a", "/a/b"],
    ["", "a", "ab", "//", "/a/", "/..", "/./a", undefined],
  ],
  [
    "url",
    url({ origins: ["https://docs.example", "http://127.0.0.1:8080"], under: "/pub" }),
    [
      "https://docs.example/pub",
      "https://docs.example/pub/a?b=c",
      "https://docs.example/pub/a;b=c/...;/a..;/...%3B/a..%3B?/..;/..%3B/",
      "http://127.0.0.1:8080/pub/",
    ],
    [
      "https://docs.example/public",
      "https://docs.example/",
      "https://docs.example/pub/../x",
      "https://docs.example/pub/%2e%2e/x",
      "https://docs.example/pub/..;/x",
      "https://docs.example/pub/.;a=b/x",
      "https://docs.example/pub/..%3B/x",
      "https://docs.example/pub/.%3ba=b/x",
      "https://docs.example/pub%2fx",
      "https://docs.example/pub/x%00",
      "https://docs.example/pub?x=%00",
      "https://docs.example/pub/a%5Cb",
      "https://docs.example:443/pub",
      "https://docs.example./pub",
      "https://user@docs.example/pub",
      "https://:password@docs.example/pub",
      "https://docs.example@evil.example/pub",
      "https://docs.example.evil.example/pub",
      "https://d\u043ecs.example/pub",
      "https://DOCS.example/pub",
      "https://docs.example/pub#x",
      "https://docs.example/pub\\x",
      "http://docs.example/pub",
      "http://0x7f.1:8080/pub",
      "http://2130706433:8080/pub",
      "http://0177.0.0.1:8080/pub",
      "http://[::]:8080/pub",
      "//docs.example/pub",
      "file:///pub",
      " https://docs.example/pub",
      "https://docs.example/pub\n",
      "",
      7,
      { toString: 1 },
      undefined,
    ],
  ],
  [
    "url of a scheme that browsers do not know",
    url({ origins: ["policy://payments"] }),
    ["policy://payments", "policy://payments/a"],
    [
      "policy://payments@x",
      "policy://payment",
      "policy:payments",
      "other://payments",
      "policy://payments/../a",
      undefined,
    ],
  ],
  ["length of a text", length(2), ["", "ab"], ["abc", 12, null, { length: 1 }, undefined]],
  ["length of an array", length(2), [[], [1, 2]], [[1, 2, 3]]],
  ["each", each(int({ max: 9 })), [[], [1, 9]], [[1, 10], ["1"], 1, {}, [[1]], undefined]],
  [
    "object",
    object({ a: int(), b: each(object({ c: exact("x") })) }),
    [
      { a: 1, b: [{ c: "x" }] },
      { b: [], a: 0 },
    ],
    [{ a: 1 }, { a: 1, b: [], c: 1 }, { a: "1", b: [] }, { a: 1, b: [{ c: "y" }] }, [], null, undefined],
  ],
  ["object of an inherited name", object({ toString: wildcard() }), [{ toString: 1 }], [{}, { a: 1 }, undefined]],
  [
    "object of what may be missing, and of what must be",
    object({ a: int(), b: optional(exact("x")), c: absent() }),
    [{ a: 1 }, { a: 1, b: "x" }],
    [{}, { b: "x" }, { a: 1, b: "y" }, { a: 1, b: null }, { a: 1, c: null }, { a: 1, d: 1 }, [], undefined],
  ],
  [
    "object of nothing that must be there",
    object({ toString: optional(int()) }),
    [{}, { toString: 1 }],
    [{ a: 1 }, []],
  ],
  [
    "cidr",
    cidr("10.0.0.0/8", "192.168.1.128/25", "203.0.113.7/32", "2001:db8::/33", "::1/128"),
    [
      ..."10.0.0.0 10.255.255.255 192.168.1.128 192.168.1.255 203.0.113.7 2001:db8:: 2001:db8:7fff::1 ::1".split(" "),
      "2001:db8:0:1:1:1:1:1",
    ],
    [
      ..."11.0.0.0 9.255.255.255 192.168.1.127 203.0.113.6 2001:db8:8000:: 2001:db7:ffff:: ::2 :: ::a00:1".split(" "),
      // Other spellings, each read in another way by some program.
      ..."10.1 10 167772161 0xa.0.0.1 010.0.0.1 10.0.0.01 10.0.0.256 10.0.0.1. .10.0.0.1 10.0.0 10.0.0.1/8".split(" "),
      ..."2001:DB8::1 2001:0db8::1 2001:db8:0::1 2001:db8:0:0:0:0:0:1 2001:db8::1:0:0:1:0:0 [2001:db8::1]".split(" "),
      ..."2001:db8::1%eth0 2001:db8:::1 2001:db8 :2001:db8::1 2001:db8::1: 2001:db8::1::1 10::/8".split(" "),
      // An address of IPv4 in one of IPv6.
      ..."::ffff:10.0.0.1 ::ffff:a00:1 0:0:0:0:0:ffff:a00:1 ::10.0.0.1".split(" "),
      ...["10.0.0.1 ", " 10.0.0.1", "10.0.0.1\n", "", "localhost", 10, 167772161, ["10.0.0.1"], null, undefined],
    ],
  ],
  [
    "cidr of everything, which still takes no address of IPv4 in one of IPv6",
    cidr("0.0.0.0/0", "::/0"),
    ["0.0.0.0", "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "1:2:3:4:5:6:7:8", "::ffff:0:1:2"],
    ["::ffff:0:0", "::ffff:102:304", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7", "1::3:4:5:6:7:8"],
  ],
  ["optional", optional(exact("a")), ["a", undefined], ["b", null, ""]],
  ["optional wildcard", optional(wildcard()), [...everything, undefined], []],
  ["absent", absent(), [undefined], everything],
];

describe("the check of a constraint", () => {
  it.each(table)("%s", (_, constraint, good, bad) => {
    const passed = [...good, ...bad].filter((value) => passes(constraint, value as JsonValue | undefined));
    expect(passed).toStrictEqual([...good]);
  });

  it("covers every type of constraint there is", () => {
    const types: Record<Constraint["constraint_type"], true> = {
      exact: true,
      one_of: true,
      not_one_of: true,
      range: true,
      int: true,
      contains: true,
      subset: true,
      all: true,
      any: true,
      wildcard: true,
      prefix: true,
      suffix: true,
      path: true,
      url: true,
      cidr: true,
      length: true,
      each: true,
      object: true,
      optional: true,
      absent: true,
    };
    expect(new Set(table.map(([, constraint]) => constraint.constraint_type))).toEqual(new Set(Object.keys(types)));
  });

  it("lets nothing but optional and absent pass for an argument that is not there", () => {
    const passing = table.filter(([, constraint]) => passes(constraint, undefined));
    expect(new Set(passing.map(([, { constraint_type }]) => constraint_type))).toEqual(new Set(["optional", "absent"]));
  });
});

describe("the work of a check", () => {
  const many = (count: number): string[] => Array.from({ length: count }, () => "a");

  it.each<[string, Constraint, JsonValue, number]>([
    ["one step for a comparison", exact("a"), "a", 1],
    ["one step for each clause that is looked at", any(exact("b"), exact("a"), exact("c")), "a", 3],
    ["four steps for a path, and one for every 16 characters", path("/a"), `/a/${"b".repeat(30)}`, 7],
    [
      "25 steps for a url, and one for every 16 characters",
      url({ origins: ["https://a.example"] }),
      "https://a.example/abc",
      27,
    ],
    ["one step for each value that exact is made of", exact({ a: [1, 2], b: {} }), { b: {}, a: [1, 2] }, 5],
    ["four steps for an address, and one for each range", cidr("10.0.0.0/8", "::/0"), "::1", 6],
    [
      "a step for an object and for each property, be it missing or not",
      object({ a: int(), b: optional(int()), c: absent() }),
      { a: 1 },
      4,
    ],
    [
      "a step for each property, also behind one that does not pass",
      any(object({ a: exact(2), b: int(), c: int() }), wildcard()),
      { a: 1, b: 1 },
      5,
    ],
    ["no more for the length of what has none", any(path("/a"), exact(1)), 1, 6],
    ["a step for every 16 elements and each that is required", contains("a", "a", "a"), many(17), 9],
    ["a step for every 16 elements and each that is allowed", subset("a", "b"), many(17), 7],
  ])("is %s; where less is left, nothing passes", (_, constraint, value, steps) => {
    const work: Work = { steps };
    expect(passes(constraint, value, work)).toBe(true);
    expect(work.steps).toBe(0);
    expect(passes(constraint, value, { steps: steps - 1 })).toBe(false);
  });
});
