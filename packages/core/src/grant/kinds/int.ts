import { checkNames } from "../../options/index.ts";
import { integerAt } from "../reading.ts";
import type { Kind } from "./kind.ts";
import { type Bounds, boundsAt, boundsWidening, boundsWords } from "./range.ts";

export interface IntConstraint {
  readonly constraint_type: "int";
  readonly min?: number;
  readonly max?: number;
}

/** A safe integer between the bounds, both inclusive. @throws {HopwiseError} `config_invalid` for another bound */
export function int(bounds: { min?: number; max?: number } = {}): IntConstraint {
  checkNames("int", bounds, { min: true, max: true });
  return { constraint_type: "int", ...bounds };
}

export const intKind: Kind<IntConstraint> = {
  type: "int",
  members: ["min", "max"],
  parse: (source) => ({ constraint_type: "int", ...boundsAt(source, integerAt) }),
  passes: ({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }, value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
  // A range also takes an integer's bounds, since every integer is a number.
  under: (child, parent, pointer) =>
    parent.constraint_type === "range" ? (boundsWidening(parent, finite(child), pointer) ?? "stands") : undefined,
  narrower: (parent, child, pointer) => boundsWidening(finite(parent), finite(child), pointer),
  words: (constraint) => `a whole number${boundsWords(constraint)}`,
};

/** Fills in the default bounds, so that a parent's bound always has one to be compared with. */
function finite({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }: IntConstraint): Bounds {
  return { min, max };
}
