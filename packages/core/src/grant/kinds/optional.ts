import { pointerTo } from "../../json/index.ts";
import type { Constraint } from "../constraint.ts";
import { memberAt } from "../reading.ts";
import type { Kind } from "./kind.ts";

export interface OptionalConstraint {
  readonly constraint_type: "optional";
  readonly constraint: Constraint;
}

/** The argument may be missing; if it is there, it must pass. */
export function optional(constraint: Constraint): OptionalConstraint {
  return { constraint_type: "optional", constraint };
}

export const optionalKind: Kind<OptionalConstraint> = {
  type: "optional",
  members: ["constraint"],
  passesMissing: true,
  parse: (source) => ({
    constraint_type: "optional",
    constraint: source.reading.constraint(memberAt(source, "constraint")),
  }),
  cost: () => 0,
  passes: ({ constraint }, value, work, check) => check(constraint, value, work),
  over: (parent, child, pointer, { widening }) => {
    if (child.constraint_type === "absent") return "stands";
    const found =
      child.constraint_type === "optional"
        ? widening(parent.constraint, child.constraint, pointerTo(pointer, "constraint"))
        : widening(parent.constraint, child, pointer);
    return found ?? "stands";
  },
  // An argument that may be missing is wider than any value of it.
  under: (child, parent, pointer) => ({
    pointer,
    rule: "optional stands only under optional",
    parent,
    child,
    remedy: "leave optional out: by the parent it must be there",
  }),
  inner: ({ constraint }) => [constraint],
  words: ({ constraint }, say) => `may be left out, else is ${say.value(constraint)}`,
};
