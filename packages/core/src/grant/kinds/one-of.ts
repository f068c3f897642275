import { isScalar, type JsonScalar } from "../../json/index.ts";
import { memberAt, scalarsAt } from "../reading.ts";
import type { Kind } from "./kind.ts";
import { quoted } from "./scalars.ts";

export interface OneOfConstraint {
  readonly constraint_type: "one_of";
  readonly values: readonly JsonScalar[];
}

/** One of these values. */
export function oneOf<const V extends readonly JsonScalar[]>(...values: V): OneOfConstraint & { readonly values: V } {
  return { constraint_type: "one_of", values };
}

export const oneOfKind: Kind<OneOfConstraint> = {
  type: "one_of",
  core: true,
  members: ["values"],
  parse: (source) => ({ constraint_type: "one_of", values: scalarsAt(memberAt(source, "values"), 1) }),
  passes: (constraint, value) => isScalar(value) && constraint.values.includes(value),
  listed: (constraint) => constraint.values,
  listedUnder: ["one_of", "wildcard"],
  words: (constraint) => `one of ${quoted(constraint.values)}`,
};
