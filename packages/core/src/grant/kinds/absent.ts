import type { Widening } from "../comparison.ts";
import type { Constraint } from "../constraint.ts";
import type { Kind } from "./kind.ts";

export interface AbsentConstraint {
  readonly constraint_type: "absent";
}

/** The argument must not be sent. The tool's own schema may put there what is the tool's own, such as its default. */
export function absent(): AbsentConstraint {
  return { constraint_type: "absent" };
}

/** What `noArguments` leaves in a grant: it is held against what was sent, and constrains no argument that there could be. */
export function isNoArguments(name: string, { constraint_type }: Constraint): boolean {
  return name === "" && constraint_type === "absent";
}

export const absentKind: Kind<AbsentConstraint> = {
  type: "absent",
  members: [],
  passesMissing: true,
  passesOwn: true,
  parse: () => ({ constraint_type: "absent" }),
  cost: () => 0,
  passes: () => false,
  over: (parent, child, pointer) => (child.constraint_type === "absent" ? "stands" : misplaced(parent, child, pointer)),
  under: (child, parent, pointer) => misplaced(parent, child, pointer),
  words: () => "must be left out",
};

function misplaced(parent: Constraint, child: Constraint, pointer: string): Widening {
  return { pointer, rule: "absent stands only under absent or optional", parent, child };
}
