import { pointerTo } from "../../json/index.ts";
import { wideningAt } from "../comparison.ts";
import type { Constraint } from "../constraint.ts";
import { clausesAt } from "./clauses.ts";
import type { Kind } from "./kind.ts";

export interface AnyConstraint {
  readonly constraint_type: "any";
  readonly constraints: readonly Constraint[];
}

/** At least one of these. */
export function any(...constraints: readonly Constraint[]): AnyConstraint {
  return { constraint_type: "any", constraints };
}

export const anyKind: Kind<AnyConstraint> = {
  type: "any",
  core: true,
  members: ["constraints"],
  parse: (source) => ({ constraint_type: "any", constraints: clausesAt(source, 1) }),
  passes: ({ constraints }, value, work, check) => constraints.some((clause) => check(clause, value, work)),
  // A value that passes the child passes that clause of the parent, and so the parent. The draft's table lacks it.
  over: ({ constraints }, child, _pointer, { table, stands }) =>
    table === "hopwise" && constraints.some((clause) => stands(clause, child)) ? "stands" : undefined,
  // Whatever passes the child passes one of its clauses, each of which stands under the parent.
  under: ({ constraints }, parent, _pointer, { table, stands }) =>
    table === "hopwise" && constraints.every((clause) => stands(parent, clause)) ? "stands" : undefined,
  narrower: (parent, child, pointer, { stands }) => {
    const wide = child.constraints.findIndex((clause) => !parent.constraints.some((wider) => stands(wider, clause)));
    const rule = "every clause of any must stand under a clause of the parent";
    const at = pointerTo(pointer, "constraints");
    return wide === -1 ? undefined : wideningAt(at, wide, rule, parent.constraints, child.constraints[wide]);
  },
  inner: ({ constraints }) => constraints,
  words: ({ constraints }, say) => constraints.map(say.clause).join(" or "),
};
