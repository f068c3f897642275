import { pointerTo } from "../json/index.ts";
import { type Constraint, type Grant, KINDS, type ToolGrant } from "./constraint.ts";

/**
 * The first argument, as a JSON pointer, for which a grant lists forbidden values instead of allowed ones; undefined
 * where it has no such list. Deny-lists leak by spelling: one that forbids `"rm"` lets `"/bin/rm"` pass.
 *
 * @param parent the grant above: a deny-list that it already has needs no new consent
 */
export function findDenyList(grant: Grant, parent: Grant = {}): string | undefined {
  for (const [tool, constraints] of Object.entries(grant)) {
    const before: ToolGrant = Object.hasOwn(parent, tool) ? (parent[tool] as ToolGrant) : {};
    for (const [name, constraint] of Object.entries(constraints)) {
      const known = Object.hasOwn(before, name) && hasDenyList(before[name] as Constraint);
      if (!known && hasDenyList(constraint)) return pointerTo(pointerTo("", tool), name);
    }
  }
  return undefined;
}

function hasDenyList(constraint: Constraint): boolean {
  const kind = KINDS.get(constraint.constraint_type);
  return kind?.denies === true || (kind?.inner?.(constraint).some(hasDenyList) ?? false);
}
