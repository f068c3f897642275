import { isJsonObject, isScalar, type JsonObject, type JsonValue } from "../json/index.ts";
import type { Constraint, RangeConstraint } from "./constraint.ts";
import { isAtOrBelow, isCleanPath, passesUrl } from "./location.ts";

/**
 * Whether a value passes a constraint (the `check` predicate, AAT draft, section 3.4). `undefined` is an argument that
 * is not there: only `optional` and `absent` let it pass.
 *
 * Equality is by JSON type and value: `"1"` is not `1`, `1.0` is `1`, `-0` is `0`, and nothing is normalised.
 *
 * @param work what is left to spend; one budget for all tokens of a call. Where it runs out, nothing passes any more.
 */
export function passes(constraint: Constraint, value: JsonValue | undefined, work: Work = newWork()): boolean {
  switch (constraint.constraint_type) {
    case "optional":
      return value === undefined || passes(constraint.constraint, value, work);
    case "absent":
      return value === undefined;
    default:
      return value !== undefined && spend(work, costOf(constraint, value)) && passesPresent(constraint, value, work);
  }
}

/**
 * How much checking a call may cause. A holder who writes many clauses into its own token and sends a long list multiplies
 * one by the other; without a bound, a call within all limits took a second. No constraint is a negation of another, so
 * to refuse where the budget ends lets nothing through.
 */
export interface Work {
  steps: number;
}

const MAX_STEPS = 100_000;
/** Taking a URL apart costs about as much as comparing this many scalars. */
const URL_STEPS = 25;
const PATH_STEPS = 4;
/** This many characters or array elements are looked at in about one step. */
const ITEMS_PER_STEP = 16;

export function newWork(): Work {
  return { steps: MAX_STEPS };
}

function spend(work: Work, steps: number): boolean {
  work.steps -= steps;
  return work.steps >= 0;
}

function costOf(constraint: Constraint, value: JsonValue): number {
  const items = typeof value === "string" || Array.isArray(value) ? Math.ceil(value.length / ITEMS_PER_STEP) : 0;
  switch (constraint.constraint_type) {
    case "path":
      return PATH_STEPS + items;
    case "url":
      return URL_STEPS + items;
    case "contains":
      return 1 + items * (1 + constraint.required.length);
    case "subset":
      return 1 + items * (1 + constraint.allowed.length);
    default:
      return 1;
  }
}

function passesPresent(
  constraint: Exclude<Constraint, { constraint_type: "optional" | "absent" }>,
  value: JsonValue,
  work: Work,
): boolean {
  switch (constraint.constraint_type) {
    case "exact":
      return value === constraint.value;
    case "one_of":
      return isScalar(value) && constraint.values.includes(value);
    case "not_one_of":
      return !isScalar(value) || !constraint.excluded.includes(value);
    case "range":
      return (
        typeof value === "number" &&
        Number.isFinite(value) &&
        aboveMin(constraint, value) &&
        belowMax(constraint, value)
      );
    case "int":
      return (
        Number.isSafeInteger(value) &&
        (value as number) >= (constraint.min ?? Number.MIN_SAFE_INTEGER) &&
        (value as number) <= (constraint.max ?? Number.MAX_SAFE_INTEGER)
      );
    case "contains":
      return isScalarArray(value) && constraint.required.every((item) => value.includes(item));
    case "subset":
      return isScalarArray(value) && value.every((item) => constraint.allowed.includes(item));
    case "all":
      return constraint.constraints.every((clause) => passes(clause, value, work));
    case "any":
      return constraint.constraints.some((clause) => passes(clause, value, work));
    case "wildcard":
      return true;
    case "prefix":
      return typeof value === "string" && value.startsWith(constraint.value);
    case "suffix":
      return typeof value === "string" && value.endsWith(constraint.value);
    case "path":
      return typeof value === "string" && isCleanPath(value) && isAtOrBelow(value, constraint.root);
    case "url":
      return typeof value === "string" && passesUrl(constraint, value);
    case "length":
      return (typeof value === "string" || Array.isArray(value)) && value.length <= constraint.max;
    case "each":
      return Array.isArray(value) && value.every((item: JsonValue) => passes(constraint.constraint, item, work));
    case "object":
      return isJsonObject(value) && passesObject(constraint.properties, value, work);
  }
}

/** A closed world again: exactly the named properties. */
function passesObject(properties: { readonly [name: string]: Constraint }, value: JsonObject, work: Work): boolean {
  const names = Object.keys(properties);
  return (
    Object.keys(value).length === names.length &&
    names.every((name) => Object.hasOwn(value, name) && passes(properties[name] as Constraint, value[name], work))
  );
}

function isScalarArray(value: JsonValue): value is readonly (string | number | boolean | null)[] {
  return Array.isArray(value) && value.every(isScalar);
}

function aboveMin({ min, min_inclusive = true }: RangeConstraint, value: number): boolean {
  return min === undefined || value > min || (min_inclusive && value === min);
}

function belowMax({ max, max_inclusive = true }: RangeConstraint, value: number): boolean {
  return max === undefined || value < max || (max_inclusive && value === max);
}
