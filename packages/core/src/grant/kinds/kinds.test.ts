import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../json/index.ts";
import { passes } from "../check.ts";
import { type Constraint, type ConstraintOf, type ConstraintType, type Grant, KINDS } from "../constraint.ts";
import { describeArguments, words } from "../describe.ts";
import { findDenyList, findExtension } from "../find-argument.ts";
import * as builders from "../index.ts";
import { wideningOf } from "../narrow.ts";
import { parseGrant } from "../parse.ts";
import { refusalOfRead } from "../permits.ts";

const { absent, all, any, cidr, contains, each, exact, int, length, notOneOf, object, oneOf, optional } = builders;
const { path, prefix, range, subset, suffix, url, wildcard } = builders;

interface Row<C> {
  /** With every member that it may have. */
  readonly constraint: C;
  readonly good: JsonValue | undefined;
  readonly bad: JsonValue | undefined;
  readonly words: string;
}

/** A row for every kind: one that lacks it does not compile. */
const rows: { readonly [T in ConstraintType]: Row<ConstraintOf<T>> } = {
  exact: { constraint: exact("a"), good: "a", bad: "b", words: '"a"' },
  one_of: { constraint: oneOf("a", 1), good: 1, bad: "1", words: 'one of "a", 1' },
  not_one_of: { constraint: notOneOf("a"), good: "b", bad: "a", words: 'anything but "a"' },
  range: {
    constraint: { constraint_type: "range", min: 1, max: 2, min_inclusive: true, max_inclusive: false },
    good: 1,
    bad: 2,
    words: "a number of at least 1 and less than 2",
  },
  int: { constraint: int({ min: 1, max: 2 }), good: 2, bad: 1.5, words: "a whole number of at least 1 and at most 2" },
  contains: { constraint: contains("a"), good: ["b", "a"], bad: ["b"], words: 'a list that has "a"' },
  subset: { constraint: subset("a"), good: ["a"], bad: ["a", "b"], words: 'a list of nothing but "a"' },
  all: {
    constraint: all(range({ min: 1 }), range({ max: 2 })),
    good: 1,
    bad: 0,
    words: "(a number of at least 1) and (a number of at most 2)",
  },
  any: {
    constraint: any(range({ max: 1 }), subset("a")),
    good: ["a"],
    bad: 2,
    words: '(a number of at most 1) or (a list of nothing but "a")',
  },
  wildcard: { constraint: wildcard(), good: null, bad: undefined, words: "any value" },
  prefix: { constraint: prefix("a"), good: "ab", bad: "ba", words: 'a text that starts with "a"' },
  suffix: { constraint: suffix("a"), good: "ba", bad: "ab", words: 'a text that ends with "a"' },
  path: { constraint: path("/a"), good: "/a/b", bad: "/ab", words: 'a path at or below "/a"' },
  url: {
    constraint: url({ origins: ["https://a.example"], under: "/a" }),
    good: "https://a.example/a/b",
    bad: "https://a.example/b",
    words: 'a URL of https://a.example at or below "/a"',
  },
  cidr: {
    constraint: cidr("10.0.0.0/8", "::1/128"),
    good: "10.1.2.3",
    bad: "11.1.2.3",
    words: "an address in 10.0.0.0/8 or ::1/128",
  },
  length: { constraint: length(1), good: "a", bad: "ab", words: "at most 1 long" },
  each: { constraint: each(int()), good: [1, 2], bad: [1, "2"], words: "a list of which each is a whole number" },
  object: {
    constraint: object({ a: int() }),
    good: { a: 1 },
    bad: { a: 1, b: 1 },
    words: "an object whose a is a whole number, and nothing else",
  },
  optional: {
    constraint: optional(int()),
    good: undefined,
    bad: "1",
    words: "may be left out, else is a whole number",
  },
  absent: { constraint: absent(), good: undefined, bad: null, words: "must be left out" },
};

const LIMITS = { tools: 1, argumentsPerTool: 1, constraintDepth: 1, nameLength: 1, valueLength: 32 };
const grantOf = (constraint: Constraint): Grant => ({ t: { a: constraint } });
const read = (constraint: object): Grant =>
  parseGrant({ t: { a: JSON.parse(JSON.stringify(constraint)) } }, LIMITS, "token_malformed");

describe.each(Object.entries<Row<Constraint>>(rows))("the kind %s", (type, row) => {
  it("stands in the list under its type", () => {
    expect(KINDS.get(type)?.type).toBe(type);
    expect(row.constraint.constraint_type).toBe(type);
  });

  it("reads its own JSON, with exactly its own members", () => {
    expect(read(row.constraint)).toStrictEqual(grantOf(row.constraint));
    const { constraint_type: _, ...members } = row.constraint;
    expect(KINDS.get(type)?.members.toSorted()).toEqual(Object.keys(members).sort());
    expect(() => read({ ...row.constraint, other: 1 })).toThrow('broken at "/t/a/other": an unknown member');
  });

  it("lets a good value pass and no bad one", () => {
    expect(passes(row.constraint, row.good)).toBe(true);
    expect(passes(row.constraint, row.bad)).toBe(false);
  });

  it("stands under itself, and in the draft's own table, too, where the draft has it", () => {
    expect(wideningOf(grantOf(row.constraint), grantOf(row.constraint))).toBeUndefined();
    if (KINDS.get(type)?.core !== true) return;
    expect(wideningOf(grantOf(row.constraint), grantOf(row.constraint), "aat-01")).toBeUndefined();
  });

  it("has words", () => {
    expect(words(row.constraint)).toEqual(row.words);
  });
});

describe("the list of kinds", () => {
  it("has no other than these", () => {
    expect([...KINDS.keys()].sort()).toEqual(Object.keys(rows).sort());
  });

  it("has the nine of the AAT draft, section 3.4", () => {
    const core = [...KINDS.values()].filter((kind) => kind.core).map((kind) => kind.type);
    expect(core.sort().join(" ")).toBe("all any contains exact not_one_of one_of range subset wildcard");
  });
});

describe("a type that is not in the list", () => {
  const unknown = { constraint_type: "toString" } as unknown as Constraint;

  it("lets nothing pass, not even a missing argument", () => {
    expect([undefined, null, "a", {}].filter((value) => passes(unknown, value))).toEqual([]);
  });

  it("stands under nothing that has a type, and nothing under it", () => {
    const rule = (parent: Constraint, child: Constraint) => wideningOf(grantOf(parent), grantOf(child))?.rule;
    expect(rule(exact("a"), unknown)).toBe("toString may not stand under exact");
    expect(rule(unknown, int())).toBe("int may not stand under toString");
    expect(rule(unknown, unknown)).toBe("toString may not stand under toString");
  });

  it("lets nothing pass that the tool's own schema put there, either", () => {
    const read = { sent: {}, parsed: { a: 1 }, isOwn: () => true };
    expect(refusalOfRead(grantOf(unknown), "t", read)).toMatchObject({ pointer: "/a" });
  });

  it("is no deny-list, and none of the draft's", () => {
    expect(findDenyList(grantOf(unknown))).toBeUndefined();
    expect(findExtension(grantOf(unknown))).toBe("/t/a");
  });

  it("is said to be unknown", () => {
    expect(words(unknown)).toBe("of an unknown type");
    expect(describeArguments({ a: unknown })).toBe("a is of an unknown type");
    expect(() => read(unknown)).toThrow('broken at "/t/a/constraint_type": an unknown constraint type');
  });
});
