import { pointerTo } from "../json/index.ts";
import { mustBe } from "../options/index.ts";
import { passes } from "./check.ts";
import type { Comparison, NarrowingTable, Widening } from "./comparison.ts";
import { type Constraint, type Grant, KINDS, type ToolGrant } from "./constraint.ts";
import { byEveryTool } from "./every-tool.ts";
import type { Kind, Verdict } from "./kinds/kind.ts";
import { checkMade } from "./made.ts";

/**
 * Whether every call that `child` covers is covered by `parent`, as far as the table of the specification can tell.
 *
 * @throws {HopwiseError} `config_invalid` for what is no grant
 */
export function isNarrower(parent: Grant, child: Grant): boolean {
  checkMade("isNarrower", "parent", parent);
  checkMade("isNarrower", "child", child);
  return wideningOf(parent, child) === undefined;
}

/**
 * The first place where `child` reaches beyond `parent` (invariant I4, AAT draft, section 4.5); undefined if it does
 * not. A pair of constraint types that the table does not list is refused, even where the child would be narrower.
 *
 * Security does not rest on this table: at each call the arguments must pass every token's grant.
 *
 * @throws {HopwiseError} `config_invalid` for what is no grant, or no table
 */
export function findWidening(parent: Grant, child: Grant, table: NarrowingTable = "hopwise"): Widening | undefined {
  checkMade("findWidening", "parent", parent);
  checkMade("findWidening", "child", child);
  if (table !== "hopwise" && table !== "aat-01") mustBe("findWidening", "table", '"hopwise" or "aat-01"', table);
  return wideningOf(parent, child, table);
}

/** The same of what stands in tokens. */
export function wideningOf(parent: Grant, child: Grant, table: NarrowingTable = "hopwise"): Widening | undefined {
  const comparison = newComparison(table);
  for (const tool of Object.keys(child)) {
    const pointer = pointerTo("", tool);
    const own = child[tool] as ToolGrant;
    const above = Object.hasOwn(parent, tool) ? parent[tool] : byEveryTool(parent, tool);
    if (above === undefined) {
      return { pointer, rule: "a child may only name tools that its parent names", child: own };
    }
    const widening = toolWidening(above, own, pointer, comparison);
    if (widening !== undefined) return widening;
  }
  return undefined;
}

/** Two closed worlds of arguments: the same names, each narrower. */
function toolWidening(
  parent: ToolGrant,
  child: ToolGrant,
  pointer: string,
  comparison: Comparison,
): Widening | undefined {
  if (Object.keys(parent).length === 0) return undefined; // "any arguments": every child is narrower
  for (const name of Object.keys(parent)) {
    if (!Object.hasOwn(child, name)) {
      const rule = "a child constrains everything that its parent constrains";
      const remedy = "name it as the parent has it, or with less";
      return { pointer: pointerTo(pointer, name), rule, parent: parent[name], remedy };
    }
  }
  for (const name of Object.keys(child)) {
    const at = pointerTo(pointer, name);
    const own = child[name] as Constraint;
    if (!Object.hasOwn(parent, name)) {
      const rule = "a child names nothing that its parent does not name";
      return { pointer: at, rule, child: own, remedy: "leave it out" };
    }
    const widening = comparison.widening(parent[name] as Constraint, own, at);
    if (widening !== undefined) return widening;
  }
  return undefined;
}

/**
 * A comparison that remembers which clauses stand under which. Otherwise nested `any` over nested `all` would compare
 * the same pairs again and again.
 */
function newComparison(table: NarrowingTable): Comparison {
  const known = new Map<Constraint, Map<Constraint, boolean>>();
  const comparison: Comparison = {
    table,
    widening: (parent, child, pointer) => constraintWidening(parent, child, pointer, comparison),
    stands: (parent, child) => {
      const ofParent = known.get(parent) ?? new Map<Constraint, boolean>();
      known.set(parent, ofParent);
      const before = ofParent.get(child);
      if (before !== undefined) return before;
      const result = constraintWidening(parent, child, "", comparison) === undefined;
      ofParent.set(child, result);
      return result;
    },
  };
  return comparison;
}

/** The table knows pairs, and not whether one that it does not list is narrower: this one always is. */
const BOUND_ONCE_MORE = "where it is narrower all the same, hand on all(…) of the parent's constraint and yours";

function constraintWidening(
  parent: Constraint,
  child: Constraint,
  pointer: string,
  comparison: Comparison,
): Widening | undefined {
  const above = KINDS.get(parent.constraint_type);
  const below = KINDS.get(child.constraint_type);
  // Presence first: an argument that may be missing is wider than any value of it.
  const verdict = above?.passesMissing
    ? above.over?.(parent, child, pointer, comparison)
    : below?.passesMissing
      ? below.under?.(child, parent, pointer, comparison)
      : (listedVerdict(below, parent, child, pointer, comparison) ??
        above?.over?.(parent, child, pointer, comparison) ??
        below?.under?.(child, parent, pointer, comparison));
  if (verdict !== undefined) return verdict === "stands" ? undefined : verdict;
  if (above === below && below?.narrower !== undefined) return below.narrower(parent, child, pointer, comparison);
  const rule = `${child.constraint_type} may not stand under ${parent.constraint_type}`;
  return { pointer, rule, parent, child, ...(comparison.table === "hopwise" && { remedy: BOUND_ONCE_MORE }) };
}

/** Listed values may stand under any constraint that each of them passes: narrower by definition. */
function listedVerdict(
  below: Kind | undefined,
  parent: Constraint,
  child: Constraint,
  pointer: string,
  { table }: Comparison,
): Verdict {
  const listed = below?.listed?.(child);
  if (listed === undefined) return undefined;
  if (table === "aat-01" && !below?.listedUnder?.includes(parent.constraint_type)) return undefined;
  const outside = listed.find((value) => !passes(parent, value));
  if (outside === undefined) return "stands";
  return { pointer, rule: "every listed value must pass the parent", parent, child: outside };
}
