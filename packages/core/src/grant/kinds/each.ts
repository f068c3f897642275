import { type JsonValue, pointerTo } from "../../json/index.ts";
import type { Constraint } from "../constraint.ts";
import { memberAt } from "../reading.ts";
import type { Kind } from "./kind.ts";

export interface EachConstraint {
  readonly constraint_type: "each";
  readonly constraint: Constraint;
}

/** An array of which every element passes. */
export function each(constraint: Constraint): EachConstraint {
  return { constraint_type: "each", constraint };
}

export const eachKind: Kind<EachConstraint> = {
  type: "each",
  members: ["constraint"],
  parse: (source) => ({
    constraint_type: "each",
    constraint: source.reading.constraint(memberAt(source, "constraint")),
  }),
  passes: ({ constraint }, value, work, check) =>
    Array.isArray(value) && value.every((item: JsonValue) => check(constraint, item, work)),
  narrower: (parent, child, pointer, comparison) =>
    comparison.widening(parent.constraint, child.constraint, pointerTo(pointer, "constraint")),
  inner: ({ constraint }) => [constraint],
  words: ({ constraint }, say) => `a list of which each is ${say.value(constraint)}`,
};
