import type { JsonScalar } from "../json/index.ts";
import { any } from "./kinds/any.ts";
import { type OneOfConstraint, oneOf } from "./kinds/one-of.ts";
import { type OptionalConstraint, optional } from "./kinds/optional.ts";
import { subset } from "./kinds/subset.ts";

/** Only these values, be it one of them, a list of them, `null` or nothing at all. */
export function onlyThese(...values: readonly JsonScalar[]): OptionalConstraint {
  const one: OneOfConstraint = oneOf(...new Set([...values, null]));
  return optional(any(one, subset(...values)));
}
