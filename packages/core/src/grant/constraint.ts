import type { JsonScalar } from "../json/index.ts";

/**
 * What one argument may be (AAT draft, section 3.4, and the extensions of `spec/`). The shapes are those on the wire.
 *
 * `optional` and `absent` speak of an argument's presence and stand only at the top of an argument.
 */
export type Constraint =
  | { readonly constraint_type: "exact"; readonly value: JsonScalar }
  | { readonly constraint_type: "one_of"; readonly values: readonly JsonScalar[] }
  | { readonly constraint_type: "not_one_of"; readonly excluded: readonly JsonScalar[] }
  | RangeConstraint
  | { readonly constraint_type: "int"; readonly min?: number; readonly max?: number }
  | { readonly constraint_type: "contains"; readonly required: readonly JsonScalar[] }
  | { readonly constraint_type: "subset"; readonly allowed: readonly JsonScalar[] }
  | { readonly constraint_type: "all"; readonly constraints: readonly Constraint[] }
  | { readonly constraint_type: "any"; readonly constraints: readonly Constraint[] }
  | { readonly constraint_type: "wildcard" }
  | { readonly constraint_type: "prefix"; readonly value: string }
  | { readonly constraint_type: "suffix"; readonly value: string }
  | { readonly constraint_type: "path"; readonly root: string }
  | UrlConstraint
  | { readonly constraint_type: "length"; readonly max: number }
  | { readonly constraint_type: "each"; readonly constraint: Constraint }
  | { readonly constraint_type: "object"; readonly properties: { readonly [name: string]: Constraint } }
  | { readonly constraint_type: "optional"; readonly constraint: Constraint }
  | { readonly constraint_type: "absent" };

/** A finite number between two bounds; each bound is inclusive unless it says otherwise. */
export interface RangeConstraint {
  readonly constraint_type: "range";
  readonly min?: number;
  readonly max?: number;
  readonly min_inclusive?: boolean;
  readonly max_inclusive?: boolean;
}

/** A URL of one of these origins (`scheme://host` or `scheme://host:port`), at or below a path. */
export interface UrlConstraint {
  readonly constraint_type: "url";
  readonly origins: readonly string[];
  /** Default: anywhere below the origin. */
  readonly under?: string;
}

export type ConstraintType = Constraint["constraint_type"];

/** The constraint of one type, as in `ConstraintOf<"range">`. */
export type ConstraintOf<T extends ConstraintType> = Extract<Constraint, { constraint_type: T }>;

/**
 * What was handed over: tool id → argument → constraint. A closed world: a tool that is not named may not be called,
 * and as soon as one argument of a tool is constrained, exactly the named arguments are required and allowed.
 *
 * `{}` under a tool means any arguments at all.
 */
export interface Grant {
  readonly [tool: string]: ToolGrant;
}

/** The constraints of one tool's arguments, by name. */
export interface ToolGrant {
  readonly [argument: string]: Constraint;
}
