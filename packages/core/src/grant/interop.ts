import { pointerTo } from "../json/index.ts";
import { type Constraint, type Grant, KINDS } from "./constraint.ts";

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
  const kind = KINDS.get(constraint.constraint_type);
  return kind?.core === true && (kind.inner?.(constraint).every(isCore) ?? true);
}
