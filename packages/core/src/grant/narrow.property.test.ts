import fc, { type GeneratorValue } from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject, JsonScalar, JsonValue } from "../json/index.ts";
import { passes } from "./check.ts";
import type { Constraint, Grant } from "./constraint.ts";
import { absent, any, exact, oneOf, optional, wildcard } from "./index.ts";
import type { RangeConstraint } from "./kinds/range.ts";
import { wideningOf } from "./narrow.ts";
import { refusal } from "./permits.ts";

// Few values, so that what parents, children and calls say meets often.
/** Of what a token could say, made or not. */
const isNarrower = (parent: Grant, child: Grant): boolean => wideningOf(parent, child) === undefined;
const permits = (grant: Grant, tool: string, args: JsonObject): boolean => refusal(grant, tool, args) === undefined;
const SCALARS: readonly JsonScalar[] = [null, true, 0, 1, 1.5, 2, "a", "b", "1"];
const BOUNDS: readonly number[] = [-1, 0, 1, 1 + Number.EPSILON, 1.5, 2];
const VALUES: readonly (JsonValue | undefined)[] = [
  undefined,
  ...SCALARS,
  ...[-1, -2, 3, 1 + Number.EPSILON, 1 - Number.EPSILON, 2 ** 53 - 1, false, "", "c"],
  ...[[], ["a"], ["a", "b"], ["a", 1], [1, 2], [null], ["c"], [["a"]], {}, { a: 1 }],
];

/** Draws constraints, and children of constraints that are often narrower and often not. */
function draw(g: GeneratorValue) {
  const pick = <T>(from: readonly T[]): T => g(fc.constantFrom<T[]>, ...from);
  const chance = (percent: number): boolean => g(fc.nat, { max: 99 }) < percent;
  const scalars = (min: number, max: number): JsonScalar[] =>
    Array.from({ length: min + g(fc.nat, { max: max - min }) }, () => pick(SCALARS));
  const shuffled = <T>(items: readonly T[]): T[] => items.toSorted(() => (chance(50) ? 1 : -1));

  const bounds = (): { min?: number; max?: number } => {
    const [a, b] = [pick(BOUNDS), pick(BOUNDS)];
    return { ...(chance(60) && { min: Math.min(a, b) }), ...(chance(60) && { max: Math.max(a, b) }) };
  };
  const flags = (): Partial<RangeConstraint> => ({
    ...(chance(30) && { min_inclusive: chance(50) }),
    ...(chance(30) && { max_inclusive: chance(50) }),
  });
  const whole = ({ min, max }: { min?: number; max?: number }): Constraint => ({
    constraint_type: "int",
    ...(min !== undefined && { min: Math.ceil(min) }),
    ...(max !== undefined && { max: Math.max(Math.floor(max), Math.ceil(min ?? -1)) }),
  });

  const present = (depth: number): Constraint => {
    const leaf = ["exact", "one_of", "not_one_of", "range", "int", "contains", "subset", "wildcard"] as const;
    const clauses = (least: number): Constraint[] =>
      Array.from({ length: least + g(fc.nat, { max: 2 }) }, () => present(depth - 1));
    switch (pick(depth > 0 ? ([...leaf, "all", "any", "all", "any"] as const) : leaf)) {
      case "exact":
        return exact(pick(SCALARS));
      case "one_of":
        return oneOf(...scalars(1, 4));
      case "not_one_of":
        return { constraint_type: "not_one_of", excluded: scalars(1, 3) };
      case "range":
        return { constraint_type: "range", ...bounds(), ...flags() };
      case "int":
        return whole(bounds());
      case "contains":
        return { constraint_type: "contains", required: scalars(1, 2) };
      case "subset":
        return { constraint_type: "subset", allowed: scalars(0, 3) };
      case "wildcard":
        return wildcard();
      case "all":
        return { constraint_type: "all", constraints: clauses(2) };
      case "any":
        return { constraint_type: "any", constraints: clauses(1) };
    }
  };
  const argument = (): Constraint => (chance(25) ? optional(present(2)) : chance(8) ? absent() : present(2));

  const less = <T>(items: readonly T[]): T[] => items.filter(() => chance(75));
  const editedList = (items: readonly JsonScalar[], grow: boolean): JsonScalar[] =>
    chance(70) === grow ? [...items, ...scalars(0, 2)] : less(items);
  const orSame = (values: JsonScalar[], before: readonly JsonScalar[]): readonly JsonScalar[] =>
    values.length > 0 ? values : before;

  /** A child made by editing its parent: mostly towards narrower. */
  const edited = (parent: Constraint): Constraint => {
    if (chance(10)) return parent;
    if (chance(10)) return chance(50) ? exact(pick(SCALARS)) : oneOf(...scalars(1, 3));
    if (chance(4)) return any(parent);
    switch (parent.constraint_type) {
      case "one_of":
        return oneOf(...orSame(editedList(parent.values, false), parent.values));
      case "not_one_of":
        return { ...parent, excluded: orSame(editedList(parent.excluded, true), parent.excluded) };
      case "contains":
        return { ...parent, required: orSame(editedList(parent.required, true), parent.required) };
      case "subset":
        return { ...parent, allowed: editedList(parent.allowed, false) };
      case "range":
      case "int": {
        const [min, max] = [chance(50) ? pick(BOUNDS) : parent.min, chance(50) ? pick(BOUNDS) : parent.max];
        const turned = min !== undefined && max !== undefined && min > max;
        const next = turned
          ? { min: max, max: min }
          : { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
        if (parent.constraint_type === "int" || chance(30)) return whole(next);
        const { min: _, max: __, ...rest } = parent;
        return { ...rest, ...next, ...flags() };
      }
      case "all": {
        const more = chance(30) ? [present(1)] : [];
        const kept = chance(85) ? parent.constraints : parent.constraints.slice(1);
        const clauses = shuffled([...kept.map((clause) => (chance(40) ? edited(clause) : clause)), ...more]);
        return { constraint_type: "all", constraints: clauses.length > 1 ? clauses : parent.constraints };
      }
      case "any": {
        const kept = less(parent.constraints).map((clause) => (chance(40) ? edited(clause) : clause));
        const more = chance(20) ? [present(1)] : [];
        const clauses = shuffled([...kept, ...more]);
        return { constraint_type: "any", constraints: clauses.length > 0 ? clauses : parent.constraints };
      }
      case "optional":
        return chance(15) ? absent() : chance(40) ? edited(parent.constraint) : optional(edited(parent.constraint));
      case "absent":
        return chance(30) ? argument() : absent();
      default:
        return present(1);
    }
  };
  /** As above, and sometimes with another presence. */
  const child = (parent: Constraint): Constraint => {
    const next = edited(parent);
    const wrap = chance(5) && next.constraint_type !== "optional" && next.constraint_type !== "absent";
    return wrap ? optional(next) : chance(3) ? absent() : next;
  };
  return { argument, child, chance, pick };
}

describe("narrowing", () => {
  it("never calls a constraint narrower that lets a value pass which its parent refuses", () => {
    const seen = { pairs: 0, narrower: 0, triples: 0, passed: 0 };
    const property = fc.property(fc.gen(), (g) => {
      const { argument, child: childOf } = draw(g);
      const parent = argument();
      const child = childOf(parent);
      seen.pairs++;
      if (!isNarrower({ t: { x: parent } }, { t: { x: child } })) return;
      seen.narrower++;
      for (const value of VALUES) {
        seen.triples++;
        if (!passes(child, value)) continue;
        seen.passed++;
        if (!passes(parent, value)) throw new Error(JSON.stringify({ parent, child, value }));
      }
    });
    fc.assert(property, { numRuns: 6000 });
    // Not vacuous: many are narrower, and of what they let pass there is much to be refused by.
    expect(seen.narrower / seen.pairs).toBeGreaterThan(0.3);
    expect(seen.passed / seen.triples).toBeGreaterThan(0.05);
  });

  it("never calls a grant narrower that permits arguments which its parent refuses", () => {
    const seen = { pairs: 0, narrower: 0, permitted: 0 };
    const property = fc.property(fc.gen(), (g) => {
      const { argument, child: childOf, chance, pick } = draw(g);
      const parent: Grant = {
        t: Object.fromEntries(["x", "y"].filter(() => chance(85)).map((name) => [name, argument()])),
      };
      const changed = Object.entries(parent["t"] ?? {}).filter(() => chance(97));
      const added = chance(8) ? [["z", argument()] as const] : [];
      const child: Grant = { t: Object.fromEntries([...changed.map(([n, c]) => [n, childOf(c)] as const), ...added]) };
      seen.pairs++;
      if (!isNarrower(parent, child)) return;
      seen.narrower++;
      for (let i = 0; i < 60; i++) {
        const args: Record<string, JsonValue> = {};
        for (const name of chance(90) ? ["x", "y"] : ["x", "y", "z"]) {
          const value = pick(VALUES);
          if (value !== undefined) args[name] = value;
        }
        if (!permits(child, "t", args as JsonObject)) continue;
        seen.permitted++;
        if (!permits(parent, "t", args)) throw new Error(JSON.stringify({ parent, child, args }));
      }
    });
    fc.assert(property, { numRuns: 1500 });
    expect(seen.narrower / seen.pairs).toBeGreaterThan(0.2);
    expect(seen.permitted).toBeGreaterThan(500);
  });

  it("calls every grant narrower than itself, and what is narrower than a narrower one narrower", () => {
    let both = 0;
    const property = fc.property(fc.gen(), (g) => {
      const { argument, child } = draw(g);
      const of = (x: Constraint): Grant => ({ t: { x } });
      const first = argument();
      const second = child(first);
      const third = child(second);
      if (!isNarrower(of(first), of(first))) throw new Error(`not reflexive: ${JSON.stringify(first)}`);
      if (!isNarrower(of(first), of(second)) || !isNarrower(of(second), of(third))) return;
      both++;
      if (!isNarrower(of(first), of(third)))
        throw new Error(`not transitive: ${JSON.stringify([first, second, third])}`);
    });
    fc.assert(property, { numRuns: 4000 });
    expect(both).toBeGreaterThan(400);
  });
});
