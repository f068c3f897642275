import { pointerTo } from "../json/index.ts";
import type { Constraint } from "./constraint.ts";

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
  /** What to write instead, where that can be told. */
  readonly remedy?: string;
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

/** What a kind says of one of its members that reaches beyond the parent's. */
export function wideningAt(
  pointer: string,
  member: string | number,
  rule: string,
  parent: unknown,
  child: unknown,
): Widening {
  return { pointer: pointerTo(pointer, member), rule, parent, child };
}
