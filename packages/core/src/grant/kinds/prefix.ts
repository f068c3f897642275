import { wideningAt } from "../comparison.ts";
import { affixAt } from "./affix.ts";
import type { Kind } from "./kind.ts";

export interface PrefixConstraint {
  readonly constraint_type: "prefix";
  readonly value: string;
}

/** A text that starts with this. For paths and URLs use `path` and `url`: a prefix ignores segments. */
export function prefix(value: string): PrefixConstraint {
  return { constraint_type: "prefix", value };
}

export const prefixKind: Kind<PrefixConstraint> = {
  type: "prefix",
  members: ["value"],
  parse: (source) => ({ constraint_type: "prefix", value: affixAt(source, "prefix") }),
  passes: (constraint, value) => typeof value === "string" && value.startsWith(constraint.value),
  narrower: (parent, child, pointer) =>
    child.value.startsWith(parent.value)
      ? undefined
      : wideningAt(pointer, "value", "a prefix may only grow longer", parent.value, child.value),
  words: (constraint) => `a text that starts with ${JSON.stringify(constraint.value)}`,
};
