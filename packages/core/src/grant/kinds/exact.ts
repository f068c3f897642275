import { canonicalJson, isJsonObject, isScalar, type JsonValue, memberCount } from "../../json/index.ts";
import { memberAt, type Place, refuse, scalarAt, shortEnough } from "../reading.ts";
import type { Kind } from "./kind.ts";

export interface ExactConstraint<V extends JsonValue = JsonValue> {
  readonly constraint_type: "exact";
  readonly value: V;
}

/** Exactly this value, whatever it is made of: a list or an object is equal to one of the same canonical text. */
export function exact<const V extends JsonValue>(value: V): ExactConstraint<V> {
  return { constraint_type: "exact", value };
}

export const exactKind: Kind<ExactConstraint> = {
  type: "exact",
  core: true,
  members: ["value"],
  parse: (source) => ({ constraint_type: "exact", value: valueAt(memberAt(source, "value")) }),
  cost: ({ value }) => nodesOf(value),
  passes: (constraint, value) => isEqual(constraint.value, value),
  listed: (constraint) => [constraint.value],
  listedUnder: ["exact", "range", "one_of", "wildcard"],
  isOneWord: true,
  words: (constraint) => canonicalJson(constraint.value),
};

function valueAt(place: Place): JsonValue {
  const { value } = place;
  if (value === undefined) return refuse(place, "a value is expected");
  if (isScalar(value)) return scalarAt(place);
  return shortEnough(place, value, canonicalJson(value));
}

/** How many values it is made of, itself included: as many are compared at most. */
function nodesOf(value: JsonValue): number {
  if (isScalar(value)) return 1;
  return Object.values(value).reduce((sum: number, inner: JsonValue) => sum + nodesOf(inner), 1);
}

/** Two lists, or a list and an object, of the same canonical text. */
function areEqual(a: JsonValue, b: JsonValue): boolean {
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  return a.every((item: JsonValue, i) => isEqual(item, b[i] as JsonValue));
}

/** Of the same canonical text, without writing it, and in no more steps than the constraint has: the other may be long. */
function isEqual(a: JsonValue, b: JsonValue): boolean {
  if (isScalar(a) || isScalar(b)) return a === b;
  if (!isJsonObject(a) || !isJsonObject(b)) return areEqual(a, b);
  const names = Object.keys(a);
  return (
    names.length === memberCount(b) &&
    names.every((name) => Object.hasOwn(b, name) && isEqual(a[name] as JsonValue, b[name] as JsonValue))
  );
}
