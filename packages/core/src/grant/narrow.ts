import { type JsonScalar, pointerTo } from "../json/index.ts";
import { passes } from "./check.ts";
import type { Constraint, ConstraintOf, Grant, RangeConstraint, ToolGrant } from "./constraint.ts";
import { isAtOrBelow } from "./location.ts";

/** Where and how a child's grant reaches beyond its parent's. */
export interface Widening {
  /** JSON pointer (RFC 6901) into the child's grant. */
  readonly pointer: string;
  /** The rule that was broken, in words. */
  readonly rule: string;
  readonly parent: unknown;
  readonly child: unknown;
}

/**
 * Which table rules: Hopwise's own, or the draft's alone (section 4.5), where less may stand under what. A chain that
 * keeps to the draft's is accepted by any verifier of it.
 */
export type NarrowingTable = "hopwise" | "aat-01";

/** One comparison of two grants. */
interface Comparison {
  readonly table: NarrowingTable;
  /**
   * Which clauses were found to stand under which, by parent and child: without it, `any` in `any` over `all` in `all`
   * asks the same pairs again on every way through both.
   */
  readonly known: Map<Constraint, Map<Constraint, boolean>>;
}

/** What listed values may stand under in the draft; in Hopwise's table, under whatever accepts each of them. */
const LISTED_STANDS_UNDER: { readonly [child in string]?: readonly string[] } = {
  exact: ["exact", "range", "one_of", "wildcard"],
  one_of: ["one_of", "wildcard"],
};

/** Whether every call that `child` covers is covered by `parent`, as far as the table of the specification can tell. */
export function isNarrower(parent: Grant, child: Grant): boolean {
  return findWidening(parent, child) === undefined;
}

/**
 * The first place where `child` is not at most `parent` (invariant I4, AAT draft, section 4.5); undefined if there is
 * none. A pair of constraint types that the table does not list is refused, even where it would be true.
 *
 * The boundary itself does not rest on this table: at each call the arguments must pass every token's grant.
 */
export function findWidening(parent: Grant, child: Grant, table: NarrowingTable = "hopwise"): Widening | undefined {
  const comparison: Comparison = { table, known: new Map() };
  for (const tool of Object.keys(child)) {
    const pointer = pointerTo("", tool);
    const own = child[tool] as ToolGrant;
    if (!Object.hasOwn(parent, tool)) {
      return { pointer, rule: "a child may only name tools that its parent names", parent: undefined, child: own };
    }
    const widening = findToolWidening(parent[tool] as ToolGrant, own, pointer, comparison);
    if (widening !== undefined) return widening;
  }
  return undefined;
}

function findToolWidening(
  parent: ToolGrant,
  child: ToolGrant,
  pointer: string,
  comparison: Comparison,
): Widening | undefined {
  if (Object.keys(parent).length === 0) return undefined; // "any arguments": whatever the child names is narrower
  return findMembersWidening(parent, child, pointer, comparison);
}

/** Two closed worlds, of arguments or of an object's properties: the same names, each narrower. */
function findMembersWidening(
  parent: ToolGrant,
  child: ToolGrant,
  pointer: string,
  comparison: Comparison,
): Widening | undefined {
  for (const name of Object.keys(parent)) {
    if (!Object.hasOwn(child, name)) {
      const rule = "a child constrains everything that its parent constrains";
      return { pointer: pointerTo(pointer, name), rule, parent: parent[name], child: undefined };
    }
  }
  for (const name of Object.keys(child)) {
    const at = pointerTo(pointer, name);
    const own = child[name] as Constraint;
    if (!Object.hasOwn(parent, name)) {
      return {
        pointer: at,
        rule: "a child names nothing that its parent does not name",
        parent: undefined,
        child: own,
      };
    }
    const widening = findConstraintWidening(parent[name] as Constraint, own, at, comparison);
    if (widening !== undefined) return widening;
  }
  return undefined;
}

function findConstraintWidening(
  parent: Constraint,
  child: Constraint,
  pointer: string,
  comparison: Comparison,
): Widening | undefined {
  const { table } = comparison;
  const widens = (rule: string, at = pointer, p: unknown = parent, c: unknown = child): Widening => ({
    pointer: at,
    rule,
    parent: p,
    child: c,
  });

  // Presence first: an argument that need not be there is wider than any value of it.
  if (parent.constraint_type === "optional") {
    if (child.constraint_type === "absent") return undefined;
    if (child.constraint_type === "optional") {
      return findConstraintWidening(parent.constraint, child.constraint, pointerTo(pointer, "constraint"), comparison);
    }
    return findConstraintWidening(parent.constraint, child, pointer, comparison);
  }
  if (parent.constraint_type === "absent" || child.constraint_type === "absent") {
    if (parent.constraint_type === child.constraint_type) return undefined;
    return widens("absent stands only under absent or optional");
  }
  if (child.constraint_type === "optional") return widens("optional stands only under optional");

  // Listed values may stand under any type that accepts each of them: true by definition, whatever the type.
  const listed = listedValues(child);
  if (
    listed !== undefined &&
    (table === "hopwise" || LISTED_STANDS_UNDER[child.constraint_type]?.includes(parent.constraint_type))
  ) {
    const outside = listed.find((value) => !passes(parent, value));
    return outside === undefined
      ? undefined
      : widens("every listed value must pass the parent", pointer, parent, outside);
  }

  if (parent.constraint_type === "wildcard") return undefined;
  if (parent.constraint_type === "range" && child.constraint_type === "int") {
    return rangeWidening(parent, intAsRange(child), pointer);
  }
  if (table === "hopwise") {
    // What passes the child passes that clause of the parent, so it passes any of them.
    if (parent.constraint_type === "any" && parent.constraints.some((clause) => stands(clause, child, comparison)))
      return undefined;
    // What passes all of the child's clauses passes the one that stands under the parent.
    if (child.constraint_type === "all" && child.constraints.some((clause) => stands(parent, clause, comparison)))
      return undefined;
  }
  if (parent.constraint_type !== child.constraint_type) {
    return widens(`${child.constraint_type} may not stand under ${parent.constraint_type}`);
  }

  switch (child.constraint_type) {
    case "range":
      return rangeWidening(parent as RangeConstraint, child, pointer);
    case "int":
      return rangeWidening(intAsRange(parent as ConstraintOf<"int">), intAsRange(child), pointer);
    case "not_one_of": {
      const dropped = missing((parent as typeof child).excluded, child.excluded);
      return (
        dropped &&
        widens("a child may not drop an excluded value", pointerTo(pointer, "excluded"), dropped.value, undefined)
      );
    }
    case "contains": {
      const dropped = missing((parent as typeof child).required, child.required);
      return (
        dropped &&
        widens("a child may not drop a required element", pointerTo(pointer, "required"), dropped.value, undefined)
      );
    }
    case "subset": {
      const added = missing(child.allowed, (parent as typeof child).allowed);
      return (
        added && widens("a child may not add an allowed element", pointerTo(pointer, "allowed"), undefined, added.value)
      );
    }
    case "prefix": {
      const { value } = parent as typeof child;
      return child.value.startsWith(value)
        ? undefined
        : widens("a prefix may only grow longer", pointerTo(pointer, "value"), value, child.value);
    }
    case "suffix": {
      const { value } = parent as typeof child;
      return child.value.endsWith(value)
        ? undefined
        : widens("a suffix may only grow longer", pointerTo(pointer, "value"), value, child.value);
    }
    case "path": {
      const { root } = parent as typeof child;
      return isAtOrBelow(child.root, root)
        ? undefined
        : widens("a root stays at or below its parent's", pointerTo(pointer, "root"), root, child.root);
    }
    case "url": {
      const { origins, under = "/" } = parent as typeof child;
      const added = missing(child.origins, origins);
      if (added !== undefined)
        return widens("a child may not add an origin", pointerTo(pointer, "origins"), undefined, added.value);
      if (isAtOrBelow(child.under ?? "/", under)) return undefined;
      return widens("a path stays at or below its parent's", pointerTo(pointer, "under"), under, child.under);
    }
    case "length": {
      const { max } = parent as typeof child;
      return child.max <= max ? undefined : widens("a length may only fall", pointerTo(pointer, "max"), max, child.max);
    }
    case "each":
      return findConstraintWidening(
        (parent as typeof child).constraint,
        child.constraint,
        pointerTo(pointer, "constraint"),
        comparison,
      );
    case "object":
      return findMembersWidening(
        (parent as typeof child).properties,
        child.properties,
        pointerTo(pointer, "properties"),
        comparison,
      );
    case "any": {
      const clauses = (parent as typeof child).constraints;
      const at = pointerTo(pointer, "constraints");
      const wide = child.constraints.findIndex((clause) => !clauses.some((wider) => stands(wider, clause, comparison)));
      if (wide === -1) return undefined;
      return widens(
        "every clause of any must stand under a clause of the parent",
        pointerTo(at, wide),
        clauses,
        child.constraints[wide],
      );
    }
    case "all": {
      const clauses = (parent as typeof child).constraints;
      if (canMatchAll(clauses, child.constraints, comparison)) return undefined;
      return widens("each clause of the parent's all needs a clause of its own", pointerTo(pointer, "constraints"));
    }
    default:
      return widens(`${child.constraint_type} may not stand under ${parent.constraint_type}`);
  }
}

function stands(parent: Constraint, child: Constraint, comparison: Comparison): boolean {
  const known = comparison.known.get(parent) ?? new Map<Constraint, boolean>();
  comparison.known.set(parent, known);
  const before = known.get(child);
  if (before !== undefined) return before;
  const result = findConstraintWidening(parent, child, "", comparison) === undefined;
  known.set(child, result);
  return result;
}

function listedValues(constraint: Constraint): readonly JsonScalar[] | undefined {
  if (constraint.constraint_type === "exact") return [constraint.value];
  return constraint.constraint_type === "one_of" ? constraint.values : undefined;
}

function missing(wanted: readonly JsonScalar[], from: readonly JsonScalar[]): { value: JsonScalar } | undefined {
  const index = wanted.findIndex((value) => !from.includes(value));
  return index === -1 ? undefined : { value: wanted[index] as JsonScalar };
}

function intAsRange(int: ConstraintOf<"int">): RangeConstraint {
  return {
    constraint_type: "range",
    min: int.min ?? Number.MIN_SAFE_INTEGER,
    max: int.max ?? Number.MAX_SAFE_INTEGER,
  };
}

function rangeWidening(parent: RangeConstraint, child: RangeConstraint, pointer: string): Widening | undefined {
  const wider = (key: "min" | "max" | "min_inclusive" | "max_inclusive", rule: string): Widening => ({
    pointer: pointerTo(pointer, key),
    rule,
    parent: parent[key],
    child: child[key],
  });
  if (parent.min !== undefined) {
    if (child.min === undefined || child.min < parent.min) return wider("min", "a lower bound may only rise");
    if (child.min === parent.min && parent.min_inclusive === false && child.min_inclusive !== false) {
      return wider("min_inclusive", "an exclusive bound stays exclusive");
    }
  }
  if (parent.max !== undefined) {
    if (child.max === undefined || child.max > parent.max) return wider("max", "an upper bound may only fall");
    if (child.max === parent.max && parent.max_inclusive === false && child.max_inclusive !== false) {
      return wider("max_inclusive", "an exclusive bound stays exclusive");
    }
  }
  return undefined;
}

/**
 * Whether each parent clause can have a child clause of its own that stands under it: a perfect matching, found by
 * augmenting paths (Kuhn). Polynomial, where the draft's backtracking (section 4.5) is exponential in the worst case.
 */
function canMatchAll(parents: readonly Constraint[], children: readonly Constraint[], comparison: Comparison): boolean {
  const edges = parents.map((parent) => children.map((child) => stands(parent, child, comparison)));
  const takenBy = new Map<number, number>();
  const assign = (parent: number, seen: Set<number>): boolean => {
    for (let child = 0; child < children.length; child++) {
      if (!edges[parent]?.[child] || seen.has(child)) continue;
      seen.add(child);
      const holder = takenBy.get(child);
      if (holder === undefined || assign(holder, seen)) {
        takenBy.set(child, parent);
        return true;
      }
    }
    return false;
  };
  return parents.every((_, parent) => assign(parent, new Set()));
}
