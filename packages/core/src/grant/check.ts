import { isJsonObject, isScalar, type JsonObject, type JsonValue } from "../json/index.ts";
import type { Constraint, RangeConstraint } from "./constraint.ts";
import { isAtOrBelow, isCleanPath, passesUrl } from "./location.ts";

/**
 * Whether a value passes a constraint (the `check` predicate, AAT draft, section 3.4). `undefined` is an argument that
 * is not there: only `optional` and `absent` let it pass.
 *
 * Equality is by JSON type and value: `"1"` is not `1`, `1.0` is `1`, `-0` is `0`, and nothing is normalised.
 */
export function passes(constraint: Constraint, value: JsonValue | undefined): boolean {
  switch (constraint.constraint_type) {
    case "optional":
      return value === undefined || passes(constraint.constraint, value);
    case "absent":
      return value === undefined;
    default:
      return value !== undefined && passesPresent(constraint, value);
  }
}

function passesPresent(
  constraint: Exclude<Constraint, { constraint_type: "optional" | "absent" }>,
  value: JsonValue,
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
      return constraint.constraints.every((clause) => passes(clause, value));
    case "any":
      return constraint.constraints.some((clause) => passes(clause, value));
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
      return Array.isArray(value) && value.every((item: JsonValue) => passes(constraint.constraint, item));
    case "object":
      return isJsonObject(value) && passesObject(constraint.properties, value);
  }
}

/** A closed world again: exactly the named properties. */
function passesObject(properties: { readonly [name: string]: Constraint }, value: JsonObject): boolean {
  const names = Object.keys(properties);
  return (
    Object.keys(value).length === names.length &&
    names.every((name) => Object.hasOwn(value, name) && passes(properties[name] as Constraint, value[name]))
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
