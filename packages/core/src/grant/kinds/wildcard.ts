import type { Kind } from "./kind.ts";

export interface WildcardConstraint {
  readonly constraint_type: "wildcard";
}

/** Any value, but there must be one. */
export function wildcard(): WildcardConstraint {
  return { constraint_type: "wildcard" };
}

export const wildcardKind: Kind<WildcardConstraint> = {
  type: "wildcard",
  core: true,
  members: [],
  parse: () => ({ constraint_type: "wildcard" }),
  passes: () => true,
  // Presence was asked before: every child that is left wants a value to be there.
  over: () => "stands",
  words: () => "any value",
};
