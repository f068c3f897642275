import { canonicalJson, type JsonValue, pointerTo } from "../json/index.ts";
import type { Widening } from "./comparison.ts";
import type { Grant, ToolGrant } from "./constraint.ts";
import { checkMade } from "./made.ts";
import { wideningOf } from "./narrow.ts";

/** The differences of a child's grant from its parent's. */
export interface GrantDiff {
  /** Where the child may do less, by JSON pointer; without `child` for a tool that was not handed on. */
  readonly narrowed: readonly { readonly pointer: string; readonly parent: unknown; readonly child?: unknown }[];
  /** Where the child reaches beyond its parent, and so will be refused. */
  readonly widened?: Widening;
}

/**
 * Compares two grants: lists every place that narrowed, and the first that widened, for which the child would be
 * refused.
 *
 * @throws {HopwiseError} `config_invalid` for what is no grant
 */
export function diff(parent: Grant, child: Grant): GrantDiff {
  checkMade("diff", "parent", parent);
  checkMade("diff", "child", child);
  const widened = wideningOf(parent, child);
  const narrowed = Object.entries(parent).flatMap(([tool, constraints]) => {
    const pointer = pointerTo("", tool);
    const own = Object.hasOwn(child, tool) ? child[tool] : undefined;
    if (own === undefined || Object.keys(constraints).length === 0) {
      return equal(constraints, own) ? [] : [placed(pointer, constraints, own)];
    }
    return argumentsDiff(constraints, own, pointer);
  });
  return {
    narrowed: narrowed.filter(({ pointer }) => !`${widened?.pointer}/`.startsWith(`${pointer}/`)),
    ...(widened && { widened }),
  };
}

function argumentsDiff(parent: ToolGrant, child: ToolGrant, at: string): GrantDiff["narrowed"] {
  return Object.entries(parent)
    .map(([name, constraint]) =>
      placed(pointerTo(at, name), constraint, Object.hasOwn(child, name) ? child[name] : undefined),
    )
    .filter((change) => !equal(change.parent, change.child));
}

function placed(pointer: string, parent: unknown, child: unknown): GrantDiff["narrowed"][number] {
  return { pointer, parent, ...(child !== undefined && { child }) };
}

function equal(a: unknown, b: unknown): boolean {
  return b !== undefined && canonicalJson(a as JsonValue) === canonicalJson(b as JsonValue);
}
