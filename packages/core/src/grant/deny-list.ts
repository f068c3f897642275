import { pointerTo } from "../json/index.ts";
import { type Constraint, type Grant, KINDS, type ToolGrant } from "./constraint.ts";

/**
 * Where a grant says what is forbidden instead of what is allowed, as a JSON pointer to the argument; undefined where it
 * does not. Such lists leak by spelling: whoever forbids `"rm"` has not thought of `"/bin/rm"`.
 *
 * @param parent what was handed over before: a deny-list that stands there already is nobody's new idea
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
