import { describe, expect, it } from "vitest";
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

const A = "https://a.example";

import type { Constraint, ConstraintType, Grant } from "./constraint.ts";
import { wideningOf } from "./narrow.ts";

/** Of what a token could say, made or not. */
const isNarrower = (parent: Grant, child: Grant): boolean => wideningOf(parent, child) === undefined;
const pay = (amount: Constraint): Grant => ({ pay: { amount } });
const AT = "/pay/amount";
const ulpAbove = 1000.0000000000001;

type Pair = readonly [name: string, parent: Constraint, child: Constraint];

describe("a constraint may stand under its parent", () => {
  it.each<Pair>([
    ["exact under the same", exact("a"), exact("a")],
    ["one_of with fewer values, in any order", oneOf("a", "b", 1), oneOf(1, "a")],
    ["one_of of the one value of exact", exact("a"), oneOf("a")],
    ["exact under one_of that has it", oneOf("a", "b"), exact("b")],
    ["not_one_of with more exclusions", notOneOf("a"), notOneOf("b", "a")],
    ["exact under not_one_of that does not exclude it", notOneOf("a"), exact("b")],
    ["range inside", range({ min: 0, max: 10 }), range({ min: 1, max: 9 })],
    ["range with the same bounds", range({ min: 0, below: 10 }), range({ min: 0, below: 10 })],
    ["range with the same exclusive bounds", range({ above: 0, below: 10 }), range({ above: 0, below: 10 })],
    ["range without an upper bound", range({ min: 0 }), range({ min: 1 })],
    ["range whose inclusive bounds turn exclusive", range({ min: 0, max: 10 }), range({ above: 0, below: 10 })],
    ["range that adds a bound", range({ max: 10 }), range({ min: 1, max: 10 })],
    ["inclusive under exclusive, further inside", range({ above: 0, below: 10 }), range({ min: 1, max: 9 })],
    ["exact under range", range({ max: 10 }), exact(10)],
    ["one_of under range", range({ max: 10 }), oneOf(1, 9.5)],
    ["int under range", range({ min: 0, max: 9.5 }), int({ min: 0, max: 9 })],
    ["int under an exclusive bound, further inside", range({ below: 10 }), int({ max: 9 })],
    ["int without bounds under range without bounds", range({}), int()],
    ["int inside", int({ min: 0, max: 9 }), int({ min: 0, max: 8 })],
    ["exact under int", int({ max: 9 }), exact(9)],
    ["one_of under int", int({ max: 9 }), oneOf(1, 9)],
    ["exact of an object under the same", exact({ a: [1] }), exact({ a: [1] })],
    ["exact of an object under object", object({ a: each(int()), b: optional(int()) }), exact({ a: [1] })],
    ["exact of a list under subset", subset("a", "b"), exact(["b", "b"])],
    ["cidr with fewer ranges", cidr("10.0.0.0/8", "::/0"), cidr("::/0")],
    ["cidr with two ranges inside one", cidr("10.0.0.0/8"), cidr("10.1.0.0/16", "10.0.0.0/8")],
    ["exact under cidr", cidr("10.0.0.0/8"), exact("10.1.2.3")],
    ["object whose property is there for sure", object({ a: optional(int()) }), object({ a: int() })],
    ["object whose property is left out for sure", object({ a: optional(int()) }), object({ a: absent() })],
    ["object without the property that may be missing", object({ a: int(), b: optional(int()) }), object({ a: int() })],
    ["object without any of those that may be missing", object({ a: optional(int()), b: absent() }), object({})],
    [
      "object that says of another that it must be missing",
      object({ a: int() }),
      object({ a: int(), toString: absent() }),
    ],
    ["object whose property may still be missing", object({ a: optional(int()) }), object({ a: optional(exact(1)) })],
    ["contains with more required elements", contains("a"), contains("b", "a")],
    ["subset with fewer allowed elements", subset("a", "b"), subset("b")],
    ["subset of nothing", subset("a"), subset()],
    ["all with one clause more", all(int(), range({ max: 9 })), all(range({ max: 9 }), int(), wildcard())],
    ["all with its clauses narrower", all(int(), range({ max: 9 })), all(range({ max: 8 }), int({ min: 0 }))],
    ["exact under all that it passes", all(int(), range({ max: 9 })), exact(9)],
    ["any with fewer clauses", any(exact("a"), int()), any(int({ max: 3 }))],
    ["any of which each clause stands under a range", range({ max: 9 }), any(exact(1), int({ max: 5 }))],
    [
      "any of which each clause stands under all",
      all(int(), range({ max: 9 })),
      any(exact(1), all(range({ max: 5 }), int())),
    ],
    ["an object under not_one_of, which excludes scalars", notOneOf("a"), object({ a: exact("a") })],
    ["a list under not_one_of", notOneOf("a"), each(exact("a"))],
    ["a list that has what not_one_of excludes alone", notOneOf("a"), contains("a")],
    ["a list of what not_one_of excludes alone", notOneOf("a"), subset("a")],
    ["any of which each clause stands under optional", optional(prefix("a")), any(prefix("ab"), exact("a"))],
    ["any with two clauses under one", any(range({ max: 9 })), any(range({ max: 3 }), int({ max: 9 }))],
    ["exact under any that it passes", any(exact("a"), int()), exact(3)],
    ["one_of under any, each value under another clause", any(exact("a"), int()), oneOf("a", 3)],
    ["optional with a narrower inside", optional(range({ max: 9 })), optional(range({ max: 8 }))],
    ["required under optional", optional(range({ max: 9 })), range({ max: 9 })],
    ["exact under optional", optional(range({ max: 9 })), exact(1)],
    ["absent under optional", optional(range({ max: 9 })), absent()],
    ["absent under absent", absent(), absent()],
    ["anything that must be there under wildcard", wildcard(), any(contains("a"), all(int(), notOneOf(1)))],
  ])("%s", (_, parent, child) => {
    expect(wideningOf(pay(parent), pay(child))).toBeUndefined();
    expect(isNarrower(pay(parent), pay(child))).toBe(true);
  });
});

type Refused = readonly [...Pair, pointer: string, rule: string];

describe("a constraint may not stand under its parent", () => {
  it.each<Refused>([
    ["exact of another value", exact("a"), exact("b"), "", "every listed value must pass the parent"],
    ["exact of another type of value", exact(1), exact("1"), "", "every listed value must pass the parent"],
    ["one_of with a value more", oneOf("a"), oneOf("a", "b"), "", "every listed value must pass the parent"],
    ["exact outside of one_of", oneOf("a"), exact("b"), "", "every listed value must pass the parent"],
    ["not_one_of for one_of", oneOf("a"), notOneOf("b"), "", "not_one_of may not stand under one_of"],
    ["wildcard for exact", exact("a"), wildcard(), "", "wildcard may not stand under exact"],
    ["not_one_of that drops", notOneOf("a", "b"), notOneOf("a"), "/excluded", "a child may not drop an excluded value"],
    ["exact that is excluded", notOneOf("a"), exact("a"), "", "every listed value must pass the parent"],
    ["range wider by one", range({ max: 1000 }), range({ max: 1001 }), "/max", "an upper bound may only fall"],
    ["range wider by an ulp", range({ max: 1000 }), range({ max: ulpAbove }), "/max", "an upper bound may only fall"],
    [
      "range lower by an ulp",
      range({ min: 0 }),
      range({ min: -Number.MIN_VALUE }),
      "/min",
      "a lower bound may only rise",
    ],
    ["exact wider by an ulp", range({ max: 1000 }), exact(ulpAbove), "", "every listed value must pass the parent"],
    ["range that drops max", range({ max: 1000 }), range({}), "/max", "an upper bound may only fall"],
    ["range that drops min", range({ min: 0 }), range({ max: 9 }), "/min", "a lower bound may only rise"],
    [
      "range that drops an exclusive flag",
      range({ below: 1000 }),
      range({ max: 1000 }),
      "/max_inclusive",
      "an exclusive bound stays exclusive",
    ],
    [
      "range that turns an exclusive flag",
      range({ above: 0 }),
      { constraint_type: "range", min: 0, min_inclusive: true },
      "/min_inclusive",
      "an exclusive bound stays exclusive",
    ],
    ["int at an exclusive bound", range({ below: 10 }), int({ max: 10 }), "/max_inclusive", "an exclusive bound stays"],
    ["int beyond a fraction", range({ max: 9.5 }), int({ max: 10 }), "/max", "an upper bound may only fall"],
    ["int without a bound under range", range({ max: 9 }), int(), "/max", "an upper bound may only fall"],
    ["int wider by one", int({ min: 0 }), int({ min: -1 }), "/min", "a lower bound may only rise"],
    ["int without a bound", int({ max: 9 }), int({ min: 0 }), "/max", "an upper bound may only fall"],
    ["range under int, even inside", int({ max: 9 }), range({ max: 8 }), "", "range may not stand under int"],
    ["a fraction under int", int({ max: 9 }), oneOf(1, 1.5), "", "every listed value must pass the parent"],
    ["contains that drops", contains("a", "b"), contains("a"), "/required", "a child may not drop a required element"],
    ["subset that adds", subset("a"), subset("a", "b"), "/allowed", "a child may not add an allowed element"],
    ["subset for contains", contains("a"), subset("a"), "", "subset may not stand under contains"],
    [
      "all that drops a clause",
      all(int(), range({ min: 1 }), wildcard()),
      all(int(), range({ min: 1 })),
      "/constraints",
      "each clause of",
    ],
    [
      "all with one clause wider",
      all(int(), exact(1)),
      all(int(), range({ max: 1 })),
      "/constraints",
      "each clause of",
    ],
    ["any with a clause more", any(exact(1)), any(exact(1), exact(2)), "/constraints/1", "every clause of any must"],
    [
      "any with a wider clause",
      any(range({ max: 9 })),
      any(range({ max: 10 })),
      "/constraints/0",
      "every clause of any",
    ],
    ["any that widens deep inside", any(any(exact(1))), any(any(wildcard())), "/constraints/0", "every clause of any"],
    ["what none of any's clauses takes", any(int(), exact("a")), range({}), "", "range may not stand under any"],
    [
      "what two clauses of any take together",
      any(range({ max: 1 }), range({ min: 1 })),
      range({}),
      "",
      "range may not",
    ],
    ["optional under any that has it", any(int()), optional(int()), "", "optional stands only under optional"],
    ["any of what it has and more", int(), any(int(), exact("a")), "", "any may not stand under int"],
    [
      "all that has no clause for it",
      int({ max: 1 }),
      all(int(), range({ max: 1 })),
      "",
      "all may not stand under int",
    ],
    [
      "any that has one clause for it",
      int({ max: 1 }),
      any(int({ max: 1 }), exact(2)),
      "",
      "any may not stand under int",
    ],
    ["one clause of all", all(int(), range({ max: 1 })), int({ max: 1 }), "", "int may not stand under all"],
    ["prefix that is shorter", prefix("ab"), prefix("a"), "/value", "a prefix may only grow longer"],
    ["prefix that has it at its end", prefix("ab"), prefix("xab"), "/value", "a prefix may only grow longer"],
    ["suffix that has it at its beginning", suffix("ab"), suffix("abx"), "/value", "a suffix may only grow longer"],
    ["prefix for suffix", suffix("a"), prefix("a"), "", "prefix may not stand under suffix"],
    ["suffix that is shorter", suffix("ab"), suffix("b"), "/value", "a suffix may only grow longer"],
    ["exact outside of a prefix", prefix("ab"), exact("a"), "", "every listed value must pass the parent"],
    ["path above", path("/a/b"), path("/a"), "/root", "a root stays at or below"],
    ["path beside, of the same beginning", path("/a"), path("/ab"), "/root", "a root stays at or below"],
    ["a listed path that leaves", path("/a"), oneOf("/a/b", "/a/../c"), "", "every listed value must pass the parent"],
    [
      "url of another origin",
      url({ origins: [A] }),
      url({ origins: [A, "https://b.example"] }),
      "/origins",
      "may not add an",
    ],
    ["url above", url({ origins: [A], under: "/x" }), url({ origins: [A] }), "/under", "a path stays at or below"],
    ["length that grows", length(3), length(4), "/max", "a length may only fall"],
    [
      "each with a wider inside",
      each(int({ max: 1 })),
      each(int({ max: 2 })),
      "/constraint/max",
      "an upper bound may only fall",
    ],
    [
      "object with a property more",
      object({ a: int() }),
      object({ a: int(), b: int() }),
      "/properties/b",
      "a property that only one of both names must be missing",
    ],
    [
      "object with a property less",
      object({ a: int(), b: int() }),
      object({ a: int() }),
      "/properties/b",
      "a property that only one of both names must be missing",
    ],
    [
      "object with a wider property",
      object({ a: int({ max: 1 }) }),
      object({ a: int() }),
      "/properties/a/max",
      "an upper bound",
    ],
    [
      "optional for required",
      range({ max: 9 }),
      optional(range({ max: 9 })),
      "",
      "optional stands only under optional",
    ],
    [
      "cidr with another range",
      cidr("10.0.0.0/8"),
      cidr("10.0.0.0/8", "11.0.0.0/8"),
      "/ranges",
      "a range stays inside",
    ],
    ["cidr with a wider range", cidr("10.0.0.0/9"), cidr("10.0.0.0/8"), "/ranges", "a range stays inside"],
    [
      "cidr of both halves, which are one",
      cidr("10.0.0.0/9", "10.128.0.0/9"),
      cidr("10.0.0.0/8"),
      "/ranges",
      "a range",
    ],
    ["cidr of the other family", cidr("0.0.0.0/0"), cidr("::/0"), "/ranges", "a range stays inside"],
    ["exact of an object with one member more", object({ a: int() }), exact({ a: 1, b: 1 }), "", "every listed value"],
    [
      "object whose property may now be missing",
      object({ a: int() }),
      object({ a: optional(int()) }),
      "/properties/a",
      "optional stands only under optional",
    ],
    [
      "object whose property is left out",
      object({ a: int() }),
      object({ a: absent() }),
      "/properties/a",
      "absent stands only under",
    ],
    [
      "object that names another property, which may be missing",
      object({ a: int() }),
      object({ a: int(), b: optional(int()) }),
      "/properties/b",
      "a property that only one",
    ],
    ["optional under wildcard", wildcard(), optional(wildcard()), "", "optional stands only under optional"],
    ["absent under wildcard", wildcard(), absent(), "", "absent stands only under absent or optional"],
    ["absent for required", exact(1), absent(), "", "absent stands only under absent or optional"],
    ["required under absent", absent(), exact(1), "", "absent stands only under absent or optional"],
    ["optional under absent", absent(), optional(exact(1)), "", "absent stands only under absent or optional"],
    [
      "optional with a wider inside",
      optional(range({ max: 9 })),
      optional(range({ max: 10 })),
      "/constraint/max",
      "an upper bound may only fall",
    ],
    ["required but wider under optional", optional(exact(1)), exact(2), "", "every listed value must pass the parent"],
  ])("%s", (_, parent, child, pointer, rule) => {
    const widening = wideningOf(pay(parent), pay(child));
    expect(widening?.pointer).toBe(AT + pointer);
    expect(widening?.rule).toContain(rule);
    expect(isNarrower(pay(parent), pay(child))).toBe(false);
  });

  it("in any pair of types that the table does not list, even where it would be true", () => {
    // Each accepts 1 or [1], and where one accepts less than another it is by nothing but its type.
    const samples: Record<ConstraintType, Constraint> = {
      exact: exact(1),
      one_of: oneOf(1),
      not_one_of: notOneOf(9),
      range: range({ min: 1, max: 1 }),
      int: int({ min: 1, max: 1 }),
      contains: contains(1),
      subset: subset(1),
      all: all(int({ min: 1, max: 1 }), range({ min: 1, max: 1 })),
      any: any(int({ min: 1, max: 1 })),
      wildcard: wildcard(),
      prefix: prefix("/a"),
      suffix: suffix("/a"),
      path: path("/a"),
      url: url({ origins: ["https://a.example"] }),
      cidr: cidr("10.0.0.0/8"),
      length: length(0),
      each: each(int({ min: 1, max: 1 })),
      object: object({ a: int() }),
      optional: optional(int({ min: 1, max: 1 })),
      absent: absent(),
    };
    const scalarTypes = "exact one_of not_one_of range int all any wildcard optional";
    const listed: Record<ConstraintType, string> = {
      exact: scalarTypes,
      one_of: scalarTypes,
      not_one_of: "not_one_of wildcard",
      range: "range wildcard",
      int: "range int any wildcard optional",
      contains: "not_one_of contains wildcard",
      subset: "not_one_of subset wildcard",
      all: "range int all any wildcard optional",
      any: "range int any wildcard optional",
      wildcard: "wildcard",
      prefix: "wildcard prefix",
      suffix: "wildcard suffix",
      path: "wildcard path",
      url: "wildcard url",
      cidr: "wildcard cidr",
      length: "wildcard length",
      each: "not_one_of wildcard each",
      object: "not_one_of wildcard object",
      optional: "optional",
      absent: "optional absent",
    };
    const types = Object.keys(samples) as ConstraintType[];
    const found = types.map((child) => [
      child,
      types.filter((parent) => isNarrower(pay(samples[parent]), pay(samples[child]))).join(" "),
    ]);
    expect(Object.fromEntries(found)).toEqual(listed);
  });

  it("and the error has both values", () => {
    expect(wideningOf(pay(range({ max: 1 })), pay(range({ max: 2 })))).toMatchObject({ parent: 1, child: 2 });
    expect(wideningOf(pay(oneOf("a")), pay(oneOf("a", "b")))).toMatchObject({ parent: oneOf("a"), child: "b" });
    expect(wideningOf(pay(subset("a")), pay(subset("b")))).toMatchObject({ parent: subset("a"), child: "b" });
  });
});

describe("clauses of all", () => {
  it("are matched one to one, where taking the first that fits would fail", () => {
    const parent = all(range({ max: 10 }), range({ max: 5 }));
    expect(isNarrower(pay(parent), pay(all(range({ max: 5 }), range({ max: 10 }))))).toBe(true);
    const [a, b, c] = [range({ max: 3 }), range({ max: 2 }), range({ max: 1 })];
    for (const order of [
      [a, b, c],
      [a, c, b],
      [b, a, c],
      [b, c, a],
      [c, a, b],
      [c, b, a],
    ]) {
      expect(isNarrower(pay(all(a, b, c)), pay(all(...order)))).toBe(true);
    }
  });

  it("never share one clause of the child between two of the parent", () => {
    const parent = all(range({ max: 10 }), range({ max: 20 }));
    expect(isNarrower(pay(parent), pay(all(range({ max: 5 }), wildcard())))).toBe(false);
  });

  it("come to an end where every way of matching must be looked at and none fits", () => {
    const parents = all(...Array.from({ length: 8 }, (_, i) => range({ max: 100 + i })));
    const children = all(...Array.from({ length: 7 }, (_, i) => range({ max: i })), range({ max: 999 }));
    expect(isNarrower(pay(parents), pay(children))).toBe(false);
    const bomb = (inner: Constraint): Constraint => all(...Array.from({ length: 8 }, () => inner));
    expect(isNarrower(pay(bomb(bomb(parents))), pay(bomb(bomb(children))))).toBe(false);
    expect(isNarrower(pay(bomb(bomb(parents))), pay(bomb(bomb(parents))))).toBe(true);
  });
});

describe("a grant may not stand under its parent where it", () => {
  const parent: Grant = { pay: { to: wildcard(), memo: optional(wildcard()) }, read: {}, "a/b": { "c~d": int() } };

  it.each<[string, Grant, string, string]>([
    ["adds a tool", { remove: {} }, "/remove", "a child may only name tools that its parent names"],
    ["adds a tool of an inherited name", { toString: {} }, "/toString", "a child may only name tools"],
    ["adds an argument", { pay: { ...parent["pay"], cc: exact(1) } }, "/pay/cc", "names nothing that its parent"],
    [
      "forbids what is not named",
      { pay: { ...parent["pay"], cc: absent() } },
      "/pay/cc",
      "names nothing that its parent",
    ],
    ["adds an inherited name", { pay: { ...parent["pay"], valueOf: exact(1) } }, "/pay/valueOf", "names nothing"],
    ["drops an argument", { pay: { to: exact("ACME") } }, "/pay/memo", "constrains everything that its parent"],
    ["empties the map of arguments", { pay: {} }, "/pay/to", "constrains everything that its parent"],
    ["widens under a name with / and ~", { "a/b": { "c~d": wildcard() } }, "/a~1b/c~0d", "wildcard may not stand"],
    ["widens the second tool", { read: {}, pay: { to: optional(wildcard()), memo: absent() } }, "/pay/to", "optional"],
  ])("%s", (_, child, pointer, rule) => {
    expect(wideningOf(parent, child)).toMatchObject({ pointer, rule: expect.stringContaining(rule) });
  });

  it("and may where it drops a tool, names arguments under any arguments, or says nothing at all", () => {
    expect(isNarrower(parent, { read: { id: exact(1) } })).toBe(true);
    expect(isNarrower(parent, { read: {} })).toBe(true);
    expect(isNarrower(parent, {})).toBe(true);
    expect(isNarrower({}, {})).toBe(true);
  });
});

describe("what stands under one clause", () => {
  it.each<Pair>([
    ["of any stands under any", any(exact("x"), range({ max: 9 })), range({ max: 5 })],
    ["of any in any stands under both", any(exact("x"), any(range({ max: 9 }), exact("y"))), int({ max: 5 })],
    ["of any stands under an optional any", optional(any(int(), exact("x"))), int({ min: 0 })],
    ["of any stands under any in an object", object({ a: any(int(), exact("x")) }), object({ a: int() })],
    [
      "of any, all of it, stands under any",
      any(exact("x"), all(int(), range({ max: 9 }))),
      all(range({ max: 5 }), int()),
    ],
  ])("%s", (_, parent, child) => {
    expect(wideningOf(pay(parent), pay(child))).toBeUndefined();
  });

  it.each<Pair>([
    ["a range", range({ max: 9 }), all(range({ max: 5 }), notOneOf(1))],
    ["listed values", oneOf("a", "b"), all(wildcard(), exact("a"))],
    ["an optional argument", optional(prefix("INV-")), all(prefix("INV-"), length(8))],
    ["all, as one of its own clauses", all(int(), range({ max: 9 })), all(all(int(), range({ max: 9 })), notOneOf(1))],
    ["any, as one of its own clauses", any(int(), exact("a")), all(any(int(), exact("a")), notOneOf(1))],
    ["one clause of any", any(int(), exact("a")), all(range({ max: 5 }), int())],
    ["each element", each(prefix("a")), each(all(prefix("a"), length(3)))],
  ])("and what stands with more conditions, as all, stands under %s", (_, parent, child) => {
    expect(wideningOf(pay(parent), pay(child))).toBeUndefined();
  });

  it("does not in the draft's own table", () => {
    const at = (parent: Constraint, child: Constraint): string | undefined =>
      wideningOf(pay(parent), pay(child), "aat-01")?.rule;
    expect(at(any(range({ max: 9 }), wildcard()), range({ max: 5 }))).toBe("range may not stand under any");
    expect(at(range({ max: 9 }), all(range({ max: 5 }), wildcard()))).toBe("all may not stand under range");
    const both = all(range({ max: 9 }), range({ min: 0 }));
    expect(at(both, all(both, wildcard()))).toBe("each clause of the parent's all needs a clause of its own");
  });

  it("is asked once for each pair, however many ways lead to it", () => {
    let looks = 0;
    const leaf = (max: number): Constraint =>
      Object.defineProperty({ constraint_type: "range" } as { constraint_type: "range"; max: number }, "max", {
        get: () => {
          looks++;
          return max;
        },
      });
    const nest = (of: typeof any | typeof all, depth: number, max: number): Constraint =>
      depth === 0 ? leaf(max) : of(nest(of, depth - 1, max), nest(of, depth - 1, max));
    expect(isNarrower(pay(nest(any, 6, 1)), pay(nest(all, 6, 2)))).toBe(false);
    // 64 leaves and 64 leaves, each pair looked at a few times; by all ways it would be 924 times as many.
    expect(looks).toBeLessThan(64 * 64 * 10);
    expect(looks).toBeGreaterThan(64 * 64);
  });
});

describe("what to write instead", () => {
  const kinds = [
    exact("a"),
    oneOf("a", "b"),
    notOneOf("a"),
    contains("a"),
    subset("a"),
    range({ max: 1 }),
    int(),
    prefix("a"),
    suffix("a"),
  ];
  const more = [
    path("/a"),
    url({ origins: ["https://a.example"] }),
    cidr("10.0.0.0/8"),
    length(1),
    each(int()),
    object({ a: int() }),
  ];
  const every: readonly Constraint[] = [
    ...kinds,
    ...more,
    wildcard(),
    all(int(), range({ max: 1 })),
    any(int(), exact("a")),
  ];

  it("is told of each pair that the table does not list, and stands", () => {
    const told = every
      .flatMap((parent) => every.map((child) => [parent, child] as const))
      .filter(([parent, child]) =>
        wideningOf(pay(parent), pay(child))?.remedy?.startsWith("where it is narrower all the same, hand on all(…)"),
      );
    expect(told.length).toBeGreaterThan(100);
    const widened = told.filter(([parent, child]) => !isNarrower(pay(parent), pay(all(parent, child))));
    expect(widened).toEqual([]);
  });

  it("is told of names and of what may be missing, and not of the draft's own table, which has no such way", () => {
    const one = pay(int());
    const remedy = (child: Grant) => wideningOf(one, child)?.remedy;
    expect(remedy({ pay: { y: int() } })).toBe("name it as the parent has it, or with less");
    expect(remedy({ pay: { amount: int(), y: int() } })).toBe("leave it out");
    expect(remedy(pay(optional(int())))).toBe("leave optional out: by the parent it must be there");
    expect(wideningOf(pay(oneOf("a")), pay(wildcard()), "aat-01")).not.toHaveProperty("remedy");
  });
});
