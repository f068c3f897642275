import type { JsonScalar } from "../json/index.ts";
import { mustBe } from "../options/index.ts";
import { any } from "./kinds/any.ts";
import { type OneOfConstraint, oneOf } from "./kinds/one-of.ts";
import { type OptionalConstraint, optional } from "./kinds/optional.ts";
import { subset } from "./kinds/subset.ts";
import { MAX_VALUES } from "./reading.ts";

/**
 * Only these values, be it one of them, a list of them, `null` or nothing at all.
 *
 * @throws {HopwiseError} `config_invalid` for more than 63, since `null` is one more
 */
export function onlyThese(...values: readonly JsonScalar[]): OptionalConstraint {
  const all = new Set([...values, null]);
  if (all.size > MAX_VALUES)
    return mustBe("onlyThese", "values", "at most 63, since null is one more, and 64 are the most", values);
  const one: OneOfConstraint = oneOf(...all);
  return optional(any(one, subset(...new Set(values))));
}
