import type { JsonScalar } from "../../json/index.ts";
import { memberAt, scalarAt } from "../reading.ts";
import type { Kind } from "./kind.ts";

export interface ExactConstraint {
  readonly constraint_type: "exact";
  readonly value: JsonScalar;
}

/** Exactly this value. */
export function exact<const V extends JsonScalar>(value: V): ExactConstraint & { readonly value: V } {
  return { constraint_type: "exact", value };
}

export const exactKind: Kind<ExactConstraint> = {
  type: "exact",
  core: true,
  members: ["value"],
  parse: (source) => ({ constraint_type: "exact", value: scalarAt(memberAt(source, "value")) }),
  passes: (constraint, value) => value === constraint.value,
  listed: (constraint) => [constraint.value],
  listedUnder: ["exact", "range", "one_of", "wildcard"],
  words: (constraint) => JSON.stringify(constraint.value),
};
