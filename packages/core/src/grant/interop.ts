import { pointerTo } from "../json/index.ts";
import type { Constraint, Grant } from "./constraint.ts";

/** The constraint types of the AAT draft (section 3.4): what any verifier of it must know. */
const CORE_TYPES: ReadonlySet<string> = new Set([
  "exact",
  "range",
  "one_of",
  "not_one_of",
  "contains",
  "subset",
  "wildcard",
  "all",
  "any",
]);

/** Where a grant uses a constraint type that only Hopwise knows, as a JSON pointer; undefined if it does not. */
export function findExtension(grant: Grant): string | undefined {
  for (const [tool, constraints] of Object.entries(grant)) {
    for (const [name, constraint] of Object.entries(constraints)) {
      if (!isCore(constraint)) return pointerTo(pointerTo("", tool), name);
    }
  }
  return undefined;
}

function isCore(constraint: Constraint): boolean {
  if (!CORE_TYPES.has(constraint.constraint_type)) return false;
  return "constraints" in constraint ? constraint.constraints.every(isCore) : true;
}
