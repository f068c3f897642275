import { pointerTo } from "../json/index.ts";
import type { Constraint, ToolGrant } from "./constraint.ts";

/** Where and how a child's grant reaches beyond its parent's. */
export interface Widening {
  /** JSON pointer (RFC 6901) into the child's grant. */
  readonly pointer: string;
  /** The rule that was broken, in words. */
  readonly rule: string;
  /** Left out where the parent has nothing there. */
  readonly parent?: unknown;
  /** Left out where the child has nothing there. */
  readonly child?: unknown;
}

/**
 * The table in force: Hopwise's own, or the draft's (section 4.5), which lets fewer constraints stand under each other.
 * Any verifier of the draft accepts a chain that keeps to the draft's table.
 */
export type NarrowingTable = "hopwise" | "aat-01";

/** One comparison of two grants: a kind of constraint uses it for the constraints inside its own. */
export interface Comparison {
  readonly table: NarrowingTable;
  /** Where a constraint inside the child reaches beyond its counterpart; undefined where it does not. */
  widening(parent: Constraint, child: Constraint, pointer: string): Widening | undefined;
  /** Whether one clause stands under another. Each pair is asked once, however many ways lead to it. */
  stands(parent: Constraint, child: Constraint): boolean;
}

/** Two closed worlds of arguments: the same names, each narrower. */
export function membersWidening(
  parent: ToolGrant,
  child: ToolGrant,
  pointer: string,
  comparison: Comparison,
): Widening | undefined {
  for (const name of Object.keys(parent)) {
    if (!Object.hasOwn(child, name)) {
      const rule = "a child constrains everything that its parent constrains";
      return { pointer: pointerTo(pointer, name), rule, parent: parent[name] };
    }
  }
  for (const name of Object.keys(child)) {
    const at = pointerTo(pointer, name);
    const own = child[name] as Constraint;
    if (!Object.hasOwn(parent, name)) {
      const rule = "a child names nothing that its parent does not name";
      return { pointer: at, rule, child: own };
    }
    const widening = comparison.widening(parent[name] as Constraint, own, at);
    if (widening !== undefined) return widening;
  }
  return undefined;
}
