/** Random constraints of every type, nested, and pairs of a parent and a child. */
import type { JsonScalar } from "@hopwise/core/adapter";
import type { Constraint, ConstraintType } from "@hopwise/core/grant";
import fc from "fast-check";
import { bounded, edit, readTape } from "./edits.ts";
import { LISTS, NAMES, NUMBERS, OBJECTS, ORIGINS, PATHS, RANGES, SCALARS, TEXTS } from "./values.ts";

const number = fc.oneof(
  { weight: 7, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 1, arbitrary: fc.double({ min: -4, max: 4, noNaN: true }) },
);
const integer = fc.constantFrom(1, 0, 2, 3, -1, 100, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER);
const scalar: fc.Arbitrary<JsonScalar> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...SCALARS) },
  { weight: 1, arbitrary: number },
);
const text = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...TEXTS, ...PATHS) },
  { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 4 }) },
);
const path = fc.constantFrom(...PATHS);
const flag = fc.option(fc.boolean(), { nil: undefined, freq: 2 });
const scalars = (minLength: number): fc.Arbitrary<JsonScalar[]> => fc.array(scalar, { minLength, maxLength: 4 });
const clauses = (clause: fc.Arbitrary<Constraint>, minLength: number): fc.Arbitrary<Constraint[]> =>
  fc.array(clause, { minLength, maxLength: 3 });

const LEAVES: { readonly [type in Exclude<ConstraintType, Nested>]: fc.Arbitrary<Constraint> } = {
  exact: fc
    .oneof({ weight: 4, arbitrary: scalar }, { weight: 1, arbitrary: fc.constantFrom(...LISTS, ...OBJECTS) })
    .map((value) => ({ constraint_type: "exact", value })),
  one_of: scalars(1).map((values) => ({ constraint_type: "one_of", values })),
  not_one_of: scalars(1).map((excluded) => ({ constraint_type: "not_one_of", excluded })),
  range: fc
    .record({
      min: fc.option(number, { nil: undefined }),
      max: fc.option(number, { nil: undefined }),
      min_inclusive: flag,
      max_inclusive: flag,
    })
    .map((its) => bounded("range", its)),
  int: fc
    .record({ min: fc.option(integer, { nil: undefined }), max: fc.option(integer, { nil: undefined }) })
    .map((its) => bounded("int", its)),
  contains: scalars(1).map((required) => ({ constraint_type: "contains", required })),
  subset: scalars(0).map((allowed) => ({ constraint_type: "subset", allowed })),
  wildcard: fc.constant({ constraint_type: "wildcard" }),
  prefix: text.map((value) => ({ constraint_type: "prefix", value })),
  suffix: text.map((value) => ({ constraint_type: "suffix", value })),
  path: path.map((root) => ({ constraint_type: "path", root })),
  url: fc
    .tuple(fc.uniqueArray(fc.constantFrom(...ORIGINS), { minLength: 1, maxLength: 3 }), fc.option(path))
    .map(([origins, under]) => ({ constraint_type: "url", origins, ...(under !== null && { under }) })),
  cidr: fc
    .uniqueArray(fc.constantFrom(...RANGES), { minLength: 1, maxLength: 3 })
    .map((ranges) => ({ constraint_type: "cidr", ranges })),
  length: fc.nat(4).map((max) => ({ constraint_type: "length", max })),
};

/** Clauses that some value passes all of: about one kind of value. */
const ALIKE: readonly fc.Arbitrary<Constraint>[] = [
  fc.oneof(LEAVES.range, LEAVES.int, LEAVES.not_one_of, LEAVES.wildcard),
  fc.oneof(LEAVES.prefix, LEAVES.suffix, LEAVES.length, LEAVES.not_one_of, LEAVES.wildcard),
  fc.oneof(LEAVES.contains, LEAVES.subset, LEAVES.length, LEAVES.wildcard),
];

type Nested = "all" | "any" | "each" | "object" | "optional" | "absent";

/** A constraint that may stand anywhere, of a type or of any, with so many levels of others in it. */
function nested(depth: number): fc.Arbitrary<Constraint> {
  const leaf = fc.oneof(...Object.values(LEAVES));
  if (depth === 0) return leaf;
  const inner = nested(depth - 1);
  return fc.oneof(
    { weight: 5, arbitrary: leaf },
    {
      weight: 1,
      arbitrary: fc
        .oneof(clauses(inner, 2), ...ALIKE.map((alike) => clauses(alike, 2)))
        .map((constraints): Constraint => ({ constraint_type: "all", constraints })),
    },
    {
      weight: 1,
      arbitrary: fc
        .oneof(clauses(inner, 1), ...ALIKE.map((alike) => clauses(alike, 1)))
        .map((constraints): Constraint => ({ constraint_type: "any", constraints })),
    },
    { weight: 1, arbitrary: inner.map((constraint): Constraint => ({ constraint_type: "each", constraint })) },
    {
      weight: 1,
      arbitrary: fc
        .dictionary(fc.constantFrom(...NAMES), member(inner), { maxKeys: 2, noNullPrototype: true })
        .map((properties): Constraint => ({ constraint_type: "object", properties })),
    },
  );
}

/** A constraint as it stands at the top of an argument or a property, where it may speak of presence. */
function member(there: fc.Arbitrary<Constraint>, inside = there): fc.Arbitrary<Constraint> {
  return fc.oneof(
    { weight: 10, arbitrary: there },
    { weight: 2, arbitrary: inside.map((constraint): Constraint => ({ constraint_type: "optional", constraint })) },
    { weight: 1, arbitrary: fc.constant<Constraint>({ constraint_type: "absent" }) },
  );
}

/** A constraint as it stands at the top of an argument. */
export const anyConstraint: fc.Arbitrary<Constraint> = member(nested(2), nested(1));

/** Parent and child: the child by edits of the parent, or another constraint altogether. */
export const anyPair: fc.Arbitrary<{ parent: Constraint; child: Constraint; edited: boolean }> = fc
  .record({
    parent: anyConstraint,
    other: anyConstraint,
    tape: fc.array(fc.nat(255), { minLength: 0, maxLength: 12 }),
    edited: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  })
  .map(({ parent, other, tape, edited }) => ({
    parent,
    child: edited ? edit(parent, readTape(tape), other) : other,
    edited,
  }));
