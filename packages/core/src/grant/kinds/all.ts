import { type Comparison, wideningAt } from "../comparison.ts";
import type { Constraint } from "../constraint.ts";
import { clausesAt } from "./clauses.ts";
import type { Kind } from "./kind.ts";

export interface AllConstraint {
  readonly constraint_type: "all";
  readonly constraints: readonly Constraint[];
}

/** Every one of these; of one alone, that one. */
export function all<const C extends Constraint>(only: C): C;
export function all(first: Constraint, second: Constraint, ...more: readonly Constraint[]): AllConstraint;
export function all(...constraints: readonly Constraint[]): Constraint;
export function all(...constraints: readonly Constraint[]): Constraint {
  return constraints.length === 1 ? (constraints[0] as Constraint) : { constraint_type: "all", constraints };
}

export const allKind: Kind<AllConstraint> = {
  type: "all",
  core: true,
  members: ["constraints"],
  parse: (source) => ({ constraint_type: "all", constraints: clausesAt(source, 2) }),
  passes: ({ constraints }, value, work, check) => constraints.every((clause) => check(clause, value, work)),
  // A value that passes all of the child's clauses passes the one that stands under the parent. The draft's table lacks
  // it.
  under: ({ constraints }, parent, _pointer, { table, stands }) =>
    table === "hopwise" && constraints.some((clause) => stands(parent, clause)) ? "stands" : undefined,
  narrower: (parent, child, pointer, comparison) =>
    canMatchAll(parent.constraints, child.constraints, comparison)
      ? undefined
      : wideningAt(pointer, "constraints", "each clause of the parent's all needs a clause of its own", parent, child),
  inner: ({ constraints }) => constraints,
  words: ({ constraints }, say) => constraints.map(say.clause).join(" and "),
};

/**
 * Whether each parent clause can have a child clause of its own that stands under it: a perfect matching, found by
 * augmenting paths (Kuhn). Polynomial, where the draft's backtracking (section 4.5) is exponential in the worst case.
 */
function canMatchAll(parents: readonly Constraint[], children: readonly Constraint[], { stands }: Comparison): boolean {
  const edges = parents.map((parent) => children.map((child) => stands(parent, child)));
  const takenBy = new Map<number, number>();
  const assign = (parent: number, seen: Set<number>): boolean => {
    for (let child = 0; child < children.length; child++) {
      if (!edges[parent]?.[child] || seen.has(child)) continue;
      seen.add(child);
      const holder = takenBy.get(child);
      if (holder === undefined || assign(holder, seen)) {
        takenBy.set(child, parent);
        return true;
      }
    }
    return false;
  };
  return parents.every((_, parent) => assign(parent, new Set()));
}
