import { isScalar, type JsonScalar } from "../../json/index.ts";
import { isPlainObject, mustBe, reading } from "../../options/index.ts";
import type { Constraint } from "../constraint.ts";
import { MAX_VALUES } from "../reading.ts";
import { type AnyConstraint, any } from "./any.ts";
import { MAX_CLAUSES } from "./clauses.ts";
import { exact } from "./exact.ts";
import { type OneOfConstraint, oneOf } from "./one-of.ts";
import { type OptionalConstraint, optional } from "./optional.ts";

type Listed<V extends JsonScalar> = OneOfConstraint & { readonly values: readonly (V | null)[] };

/** What {@link orNull} makes of a constraint: listed values stay listed, what may be missing still may. */
export type OrNull<C extends Constraint> = C extends {
  readonly value: infer V extends JsonScalar;
  constraint_type: "exact";
}
  ? Listed<V> | AnyConstraint
  : C extends { readonly values: readonly (infer V extends JsonScalar)[] }
    ? Listed<V> | AnyConstraint
    : C extends OptionalConstraint
      ? OptionalConstraint
      : AnyConstraint;

/**
 * `null`, or what passes this. Models whose provider knows no optional arguments (strict mode) send `null` for what they
 * leave out.
 */
export function orNull<const C extends Constraint>(constraint: C): OrNull<C> {
  return withNull(constraint) as OrNull<C>;
}

/** Listed values and clauses get one more where there is room: what is listed stands under more parents. */
function withNull(given: Constraint): Constraint {
  const what = "a constraint, such as oneOf(…)";
  if (!isPlainObject(given)) mustBe("orNull", "constraint", what, given);
  const constraint = reading("orNull", "constraint", what, given, (own) => ({ ...own }));
  const nothing = exact(null);
  switch (constraint.constraint_type) {
    case "optional":
      return optional(withNull(constraint.constraint));
    case "one_of":
      if (Array.isArray(constraint.values) && constraint.values.length < MAX_VALUES)
        return oneOf(...new Set([...constraint.values, null]));
      break;
    case "exact":
      if (isScalar(constraint.value)) return oneOf(...new Set([constraint.value, null]));
      break;
    case "any":
      if (Array.isArray(constraint.constraints) && constraint.constraints.length < MAX_CLAUSES)
        return any(nothing, ...constraint.constraints);
  }
  return any(nothing, constraint);
}
