import { isScalar, pointerTo } from "../json/index.ts";
import { type Constraint, type Grant, KINDS } from "./constraint.ts";

/* What of a grant its author must have asked for, or must not have: the first argument that has it, as a JSON pointer. */

/**
 * The first argument for which a grant lists forbidden values instead of allowed ones; undefined where it has no such
 * list. Deny-lists leak by spelling: one that forbids `"rm"` lets `"/bin/rm"` pass.
 *
 * @param parent the grant above: a deny-list that it already has needs no new consent
 */
export function findDenyList(grant: Grant, parent: Grant = {}): string | undefined {
  return findArgument(grant, (constraint, tool, name) => {
    const before = Object.hasOwn(parent, tool) ? parent[tool] : undefined;
    const known = before !== undefined && Object.hasOwn(before, name) && hasDenyList(before[name] as Constraint);
    return !known && hasDenyList(constraint);
  });
}

function hasDenyList(constraint: Constraint): boolean {
  const kind = KINDS.get(constraint.constraint_type);
  return kind?.denies === true || (kind?.inner?.(constraint).some(hasDenyList) ?? false);
}

/**
 * The first argument for which a grant uses what only Hopwise knows: a constraint of one of its own types, or a listed value
 * that is no scalar. Undefined where it uses none.
 */
export function findExtension(grant: Grant): string | undefined {
  return findArgument(grant, (constraint) => !isCore(constraint));
}

function isCore(constraint: Constraint): boolean {
  const kind = KINDS.get(constraint.constraint_type);
  return (
    kind?.core === true &&
    (kind.listed?.(constraint).every(isScalar) ?? true) &&
    (kind.inner?.(constraint).every(isCore) ?? true)
  );
}

function findArgument(
  grant: Grant,
  isSuch: (constraint: Constraint, tool: string, name: string) => boolean,
): string | undefined {
  for (const [tool, constraints] of Object.entries(grant)) {
    for (const [name, constraint] of Object.entries(constraints)) {
      if (isSuch(constraint, tool, name)) return pointerTo(pointerTo("", tool), name);
    }
  }
  return undefined;
}
