import type { JsonValue } from "../json/index.ts";
import { type Constraint, KINDS } from "./constraint.ts";
import { newWork, spend, type Work } from "./work.ts";

/**
 * Whether a value passes a constraint (the `check` predicate, AAT draft, section 3.4). `undefined` stands for a missing
 * argument or property: only `optional` and `absent` let it pass. Nothing passes a constraint of an unknown type.
 *
 * Equality is by JSON type and value: `"1"` is not `1`, `1.0` is `1`, `-0` is `0`, and nothing is normalised.
 *
 * @param work the remaining steps, one budget for all tokens of a call. Once it runs out, nothing passes.
 */
export function passes(constraint: Constraint, value: JsonValue | undefined, work: Work = newWork()): boolean {
  const kind = KINDS.get(constraint.constraint_type);
  if (kind === undefined) return false;
  if (value === undefined) return kind.passesMissing === true && spend(work, 1);
  const cost = kind.cost === undefined ? 1 : kind.cost(constraint, value);
  return spend(work, cost) && kind.passes(constraint, value, work, passes);
}
