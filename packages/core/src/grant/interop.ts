import { isScalar, pointerTo } from "../json/index.ts";
import { type Constraint, type Grant, KINDS } from "./constraint.ts";

/**
 * Where a grant uses a constraint that only Hopwise knows, as a JSON pointer: one of its own types, or a listed value that
 * is no scalar. Undefined where it uses none.
 */
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
  return (
    kind?.core === true &&
    (kind.listed?.(constraint).every(isScalar) ?? true) &&
    (kind.inner?.(constraint).every(isCore) ?? true)
  );
}
