/** Children made from a parent by edits that mostly take something away, and sometimes too little. */
import type { JsonScalar } from "@hopwise/core/adapter";
import type { Constraint, ConstraintOf } from "@hopwise/core/grant";
import { LISTS, NUMBERS, OBJECTS, ORIGINS, PATHS, RANGES, SCALARS, TEXTS, ulps } from "./values.ts";

/** Where the edits take their choices from; an empty tape edits nothing. */
export type Tape = () => number;

export function readTape(choices: readonly number[]): Tape {
  let at = 0;
  return () => choices[at++] ?? 0;
}

/** A child as a delegator would write it who hands on less, or who errs by a little. Choice 0 changes nothing. */
export function edit(parent: Constraint, next: Tape, other: Constraint): Constraint {
  const choice = next();
  if (choice % 16 === 0) return parent;
  if (choice % 16 === 15) return listed(next);
  switch (parent.constraint_type) {
    case "exact":
      return choice % 8 === 1 ? listed(next) : parent;
    case "one_of":
      return choice % 8 === 1
        ? { constraint_type: "exact", value: pick(parent.values, next) }
        : { ...parent, values: shorter(parent.values, next, 1) };
    case "not_one_of":
      return { ...parent, excluded: longer(parent.excluded, next) };
    case "contains":
      return { ...parent, required: longer(parent.required, next) };
    case "subset":
      return { ...parent, allowed: shorter(parent.allowed, next, 0) };
    case "range":
      return choice % 4 === 1 ? inside(parent, next) : tighter(parent, next);
    case "int":
      return bounded("int", { min: up(parent.min, next), max: down(parent.max, next) });
    case "prefix":
      return { ...parent, value: choice % 8 === 1 ? parent.value.slice(1) || "a" : parent.value + pick(TEXTS, next) };
    case "suffix":
      return { ...parent, value: choice % 8 === 1 ? `${parent.value}a` : pick(TEXTS, next) + parent.value };
    case "path":
      return choice % 8 === 1 ? { ...parent, root: pick(PATHS, next) } : { ...parent, root: below(parent.root, next) };
    case "url":
      return choice % 8 === 1
        ? { ...parent, origins: [...parent.origins, pick(ORIGINS, next)] }
        : { ...parent, origins: shorter(parent.origins, next, 1), under: below(parent.under ?? "/", next) };
    case "cidr":
      return choice % 8 === 1
        ? { ...parent, ranges: [...parent.ranges, pick(RANGES, next)] }
        : { ...parent, ranges: shorter(parent.ranges, next, 1).map((range) => inRange(range, next)) };
    case "length":
      return { ...parent, max: Math.max(0, parent.max + 1 - (choice % 4)) };
    case "all":
      return { ...parent, constraints: turned(parent.constraints, next, other, 2, choice % 4 === 1) };
    case "any":
      return { ...parent, constraints: turned(kept(parent.constraints, next), next, other, 1, choice % 8 === 1) };
    case "each":
      return { ...parent, constraint: edit(parent.constraint, next, unwrapped(other)) };
    case "object": {
      const properties = Object.entries(parent.properties).map(([name, own]) => [
        name,
        // What may be missing there may be missing here, too, and now and then it should not.
        choice % 8 === 2 ? { constraint_type: "absent" } : edit(own, next, unwrapped(other)),
      ]);
      if (choice % 8 === 3) return exactly(properties as [string, Constraint][], next);
      return { ...parent, properties: Object.fromEntries(choice % 8 === 1 ? properties.slice(1) : properties) };
    }
    case "optional":
      if (choice % 4 === 1) return { constraint_type: "absent" };
      if (choice % 4 === 2) return edit(parent.constraint, next, unwrapped(other));
      return { ...parent, constraint: edit(parent.constraint, next, unwrapped(other)) };
    case "wildcard":
      return other;
    case "absent":
      return parent;
  }
}

/** `optional` and `absent` stand only at the top of an argument or a property. */
function unwrapped(constraint: Constraint): Constraint {
  if (constraint.constraint_type === "optional") return constraint.constraint;
  return constraint.constraint_type === "absent" ? { constraint_type: "wildcard" } : constraint;
}

/** One object, of which some properties are left out. */
function exactly(properties: readonly [string, Constraint][], next: Tape): Constraint {
  const there = properties.filter(() => next() % 3 !== 0);
  return { constraint_type: "exact", value: Object.fromEntries(there.map(([name]) => [name, pick(SCALARS, next)])) };
}

/** The range, the same address with more bits, or another range. */
function inRange(range: string, next: Tape): string {
  const choice = next() % 4;
  if (choice === 0) return pick(RANGES, next);
  const size = range.includes(":") ? 128 : 32;
  return choice === 1 ? range.replace(/[0-9]+$/, (bits) => String(Math.min(Number(bits) + 1, size))) : range;
}

function listed(next: Tape): Constraint {
  if (next() % 8 === 1) return { constraint_type: "exact", value: pick([...LISTS, ...OBJECTS], next) };
  const values = [pick(SCALARS, next), pick(SCALARS, next)];
  return next() % 2 === 0
    ? { constraint_type: "exact", value: values[0] as JsonScalar }
    : { constraint_type: "one_of", values };
}

/** An integer range, or a bound itself, within a range or just outside. */
function inside({ min, max }: ConstraintOf<"range">, next: Tape): Constraint {
  const from = min === undefined ? undefined : safe(Math.ceil(min) + (next() % 2));
  const to = max === undefined ? undefined : safe(Math.floor(max) - (next() % 2));
  return next() % 3 === 0
    ? { constraint_type: "exact", value: ulps(Math.min(min ?? max ?? 1, 2 ** 52), (next() % 3) - 1) }
    : bounded("int", { min: from, max: to });
}

function tighter(parent: ConstraintOf<"range">, next: Tape): Constraint {
  const { min_inclusive, max_inclusive } = parent;
  const turn = (own: boolean | undefined): boolean | undefined => [own, own, false, true][next() % 4];
  return bounded("range", {
    min: up(parent.min, next),
    max: down(parent.max, next),
    min_inclusive: turn(min_inclusive),
    max_inclusive: turn(max_inclusive),
  });
}

function up(bound: number | undefined, next: Tape): number | undefined {
  const choice = next() % 8;
  if (bound === undefined) return choice === 0 ? pick(NUMBERS.slice(0, 4), next) : undefined;
  if (!Number.isInteger(bound)) return ulps(bound, (choice % 3) - 1);
  return choice === 7 ? undefined : safe(bound + choice - 1);
}

/** No token can say more. */
function safe(integer: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(integer, Number.MAX_SAFE_INTEGER));
}

function down(bound: number | undefined, next: Tape): number | undefined {
  const raised = up(bound === undefined ? undefined : -bound, next);
  return raised === undefined ? undefined : -raised;
}

function pick<T>(from: readonly T[], next: Tape): T {
  return from[next() % from.length] as T;
}

function shorter<T>(list: readonly T[], next: Tape, min: number): readonly T[] {
  const kept = list.filter(() => next() % 3 !== 0);
  return kept.length < min ? list.slice(0, Math.max(min, 1)) : kept;
}

/** All of them, or one less. */
function kept<T>(list: readonly T[], next: Tape): readonly T[] {
  return next() % 3 === 1 && list.length > 1 ? list.slice(1) : list;
}

function longer(list: readonly JsonScalar[], next: Tape): readonly JsonScalar[] {
  const dropped = next() % 8 === 1 && list.length > 1 ? list.slice(1) : list;
  return [...dropped, pick(SCALARS, next)];
}

function below(root: string, next: Tape): string {
  const name = ["", "a", "b", "..."][next() % 4] as string;
  if (name === "") return root;
  return root === "/" ? `/${name}` : `${root}/${name}`;
}

/** Clauses edited and turned round, and another one added or the first one lost. */
function turned(
  constraints: readonly Constraint[],
  next: Tape,
  other: Constraint,
  min: number,
  lose: boolean,
): readonly Constraint[] {
  const edited = constraints.map((clause) => edit(clause, next, unwrapped(other)));
  const by = next() % edited.length;
  const round = [...edited.slice(by), ...edited.slice(0, by)];
  if (lose && round.length > min) return round.slice(1);
  return next() % 4 === 1 ? [...round, unwrapped(other)].slice(0, 8) : round;
}

/** Leaves out what is undefined, and puts the bounds in order: what a token can say. */
export function bounded<T extends "range" | "int">(
  constraint_type: T,
  bounds: { [name: string]: number | boolean | undefined },
): Constraint {
  const { min, max } = bounds as { min?: number; max?: number };
  const ordered = min !== undefined && max !== undefined && min > max ? { ...bounds, min: max, max: min } : bounds;
  const given = Object.entries(ordered).filter(([, value]) => value !== undefined);
  return { constraint_type, ...Object.fromEntries(given) } as unknown as Constraint;
}
