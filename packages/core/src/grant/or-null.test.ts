import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { passes } from "./check.ts";
import type { Constraint } from "./constraint.ts";
import { any, exact, grant, int, oneOf, onlyThese, optional, orNull, range, subset, wildcard } from "./index.ts";

const listOf = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe("null, or what passes", () => {
  it.each<[string, Constraint, Constraint]>([
    ["listed values, with one more", oneOf("a", "b"), oneOf("a", "b", null)],
    ["listed values that have it", oneOf(null, 1), oneOf(null, 1)],
    ["one value", exact("a"), oneOf("a", null)],
    ["null", exact(null), oneOf(null)],
    ["clauses, with one more", any(int(), exact("a")), any(exact(null), int(), exact("a"))],
    ["what may be left out", optional(exact("a")), optional(oneOf("a", null))],
    ["anything else", range({ max: 9 }), any(exact(null), range({ max: 9 }))],
    ["one list", exact([1]), any(exact(null), exact([1]))],
    ["as many values as may be listed", oneOf(...listOf(64)), any(exact(null), oneOf(...listOf(64)))],
    ["as many clauses as there may be", any(...listOf(8).map(exact)), any(exact(null), any(...listOf(8).map(exact)))],
  ])("is made of %s", (_, constraint, made) => {
    expect(orNull(constraint)).toEqual(made);
    expect(grant({ t: { a: orNull(constraint) } })).toEqual({ t: { a: made } });
    expect(passes(orNull(constraint), null)).toBe(true);
    for (const value of ["a", "c", 1, 10, [1], undefined]) {
      expect(passes(orNull(constraint), value), String(value)).toBe(passes(constraint, value));
    }
  });

  it("has the type of the values, so that it fits the tool's schema", () => {
    const pay = z.object({ currency: z.enum(["EUR", "USD"]).nullable(), amount: z.number().nullish() });
    grant({ pay: { currency: orNull(oneOf("EUR")), amount: orNull(optional(range({ max: 9 }))) } }, { pay });
    const text = orNull(exact("GBP"));
    // @ts-expect-error GBP is no currency of the schema
    grant({ pay: { currency: text, amount: wildcard() } }, { pay });
    expectTypeOf(orNull(int()).constraint_type).toEqualTypeOf<"any">();
  });
});

describe("only these", () => {
  const constraint = onlyThese("a", "b");

  it("is one of them, a list of them, null, or nothing", () => {
    expect(constraint).toEqual(optional(any(oneOf("a", "b", null), subset("a", "b"))));
    const good = ["a", "b", [], ["a"], ["b", "a"], null, undefined];
    const bad = ["c", "", "a,b", ["c"], ["a", "c"], [null], [["a"]], {}, 0];
    expect([...good, ...bad].filter((value) => passes(constraint, value))).toEqual(good);
  });

  it("takes null among them for one of them", () => {
    expect(passes(onlyThese("a", null), [null, "a"])).toBe(true);
    const many = Array.from({ length: 63 }, (_, i) => i);
    expect(passes(onlyThese(...many, null), 62)).toBe(true);
    expect(() => onlyThese(...many, 63)).toThrow(/^onlyThese: values must be at most 63, since null is one more/);
    // One that is said twice counts once, in the list, too.
    expect(grant({ t: { a: onlyThese(...many, ...many) } })).toEqual(grant({ t: { a: onlyThese(...many) } }));
    expect(grant({ t: { a: onlyThese(null) } })).toEqual({ t: { a: optional(any(oneOf(null), subset(null))) } });
  });
});
