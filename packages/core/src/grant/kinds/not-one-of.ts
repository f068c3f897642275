import { isScalar, type JsonScalar } from "../../json/index.ts";
import { wideningAt } from "../comparison.ts";
import type { ConstraintType } from "../constraint.ts";
import { memberAt, scalarsAt } from "../reading.ts";
import type { Kind } from "./kind.ts";
import { missing, quoted } from "./scalars.ts";

export interface NotOneOfConstraint {
  readonly constraint_type: "not_one_of";
  readonly excluded: readonly JsonScalar[];
}

/**
 * Any value but these. Deny-lists leak by spelling, so one is signed only with `allowDenyLists`; prefer `oneOf`
 * wherever the good values can be named.
 */
export function notOneOf(...excluded: readonly JsonScalar[]): NotOneOfConstraint {
  return { constraint_type: "not_one_of", excluded };
}

const NEVER_SCALAR: readonly ConstraintType[] = ["contains", "subset", "each", "object"];

export const notOneOfKind: Kind<NotOneOfConstraint> = {
  type: "not_one_of",
  core: true,
  denies: true,
  members: ["excluded"],
  parse: (source) => ({ constraint_type: "not_one_of", excluded: scalarsAt(memberAt(source, "excluded"), 1) }),
  passes: (constraint, value) => !isScalar(value) || !constraint.excluded.includes(value),
  // Only scalars can be excluded, so whatever is none passes. The draft's table lacks it.
  over: (_parent, child, _pointer, { table }) =>
    table === "hopwise" && NEVER_SCALAR.includes(child.constraint_type) ? "stands" : undefined,
  narrower: (parent, child, pointer) => {
    const dropped = missing(parent.excluded, child.excluded);
    return dropped && wideningAt(pointer, "excluded", "a child may not drop an excluded value", dropped.value, child);
  },
  words: (constraint) => `anything but ${quoted(constraint.excluded)}`,
};
