import { wideningAt } from "../comparison.ts";
import { affixAt } from "./affix.ts";
import type { Kind } from "./kind.ts";

export interface SuffixConstraint {
  readonly constraint_type: "suffix";
  readonly value: string;
}

/** A text that ends with this. */
export function suffix(value: string): SuffixConstraint {
  return { constraint_type: "suffix", value };
}

export const suffixKind: Kind<SuffixConstraint> = {
  type: "suffix",
  members: ["value"],
  parse: (source) => ({ constraint_type: "suffix", value: affixAt(source, "suffix") }),
  passes: (constraint, value) => typeof value === "string" && value.endsWith(constraint.value),
  narrower: (parent, child, pointer) =>
    child.value.endsWith(parent.value)
      ? undefined
      : wideningAt(pointer, "value", "a suffix may only grow longer", parent.value, child.value),
  words: (constraint) => `a text that ends with ${JSON.stringify(constraint.value)}`,
};
