import type { JsonScalar } from "../../json/index.ts";
import { wideningAt } from "../comparison.ts";
import { memberAt, scalarsAt } from "../reading.ts";
import { stepsThrough } from "../work.ts";
import type { Kind } from "./kind.ts";
import { isScalarArray, missing, quoted } from "./scalars.ts";

export interface ContainsConstraint {
  readonly constraint_type: "contains";
  readonly required: readonly JsonScalar[];
}

/** An array of scalars that has all of these elements. */
export function contains<const V extends readonly JsonScalar[]>(
  ...required: V
): ContainsConstraint & { readonly required: V } {
  return { constraint_type: "contains", required };
}

export const containsKind: Kind<ContainsConstraint> = {
  type: "contains",
  core: true,
  members: ["required"],
  parse: (source) => ({ constraint_type: "contains", required: scalarsAt(memberAt(source, "required"), 1) }),
  cost: (constraint, value) => 1 + stepsThrough(value) * (1 + constraint.required.length),
  passes: (constraint, value) => isScalarArray(value) && constraint.required.every((item) => value.includes(item)),
  narrower: (parent, child, pointer) => {
    const dropped = missing(parent.required, child.required);
    return dropped && wideningAt(pointer, "required", "a child may not drop a required element", dropped.value, child);
  },
  words: (constraint) => `a list that has ${quoted(constraint.required)}`,
};
