import * as kinds from "./kinds/index.ts";
import type { Kind } from "./kinds/kind.ts";

/**
 * The allowed values of one argument (AAT draft, section 3.4, and the extensions of `spec/`): a constraint of one of
 * the kinds in `kinds/`. The shapes are those on the wire.
 *
 * `optional` and `absent` speak of the presence of an argument or of a property, and stand only at the top of one.
 */
export type Constraint = ReturnType<(typeof kinds)[keyof typeof kinds]["parse"]>;

export type ConstraintType = Constraint["constraint_type"];

/** The constraint of one type, as in `ConstraintOf<"range">`. */
export type ConstraintOf<T extends ConstraintType> = Extract<Constraint, { constraint_type: T }>;

/**
 * The authority that was handed over: tool id → argument → constraint. A closed world: only named tools may be called,
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

/** All kinds of constraint, by type. The other files of this folder look kinds up here and name none of them. */
export const KINDS: ReadonlyMap<string, Kind> = new Map(Object.values<Kind>(kinds).map((kind) => [kind.type, kind]));
