import type { JsonScalar } from "../../json/index.ts";
import { wideningAt } from "../comparison.ts";
import { memberAt, scalarsAt } from "../reading.ts";
import { stepsThrough } from "../work.ts";
import type { Kind } from "./kind.ts";
import { isScalarArray, missing, quoted } from "./scalars.ts";

export interface SubsetConstraint {
  readonly constraint_type: "subset";
  readonly allowed: readonly JsonScalar[];
}

/** An array of scalars whose elements are all among these. */
export function subset<const V extends readonly JsonScalar[]>(
  ...allowed: V
): SubsetConstraint & { readonly allowed: V } {
  return { constraint_type: "subset", allowed };
}

export const subsetKind: Kind<SubsetConstraint> = {
  type: "subset",
  core: true,
  members: ["allowed"],
  parse: (source) => ({ constraint_type: "subset", allowed: scalarsAt(memberAt(source, "allowed"), 0) }),
  cost: (constraint, value) => 1 + stepsThrough(value) * (1 + constraint.allowed.length),
  passes: (constraint, value) => isScalarArray(value) && value.every((item) => constraint.allowed.includes(item)),
  narrower: (parent, child, pointer) => {
    const added = missing(child.allowed, parent.allowed);
    return added && wideningAt(pointer, "allowed", "a child may not add an allowed element", parent, added.value);
  },
  words: ({ allowed }) => (allowed.length === 0 ? "an empty list" : `a list of nothing but ${quoted(allowed)}`),
};
