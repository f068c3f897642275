import type { Kind } from "./kind.ts";

export interface WildcardConstraint {
  readonly constraint_type: "wildcard";
}

/** Any value; a missing argument does not pass. */
export function wildcard(): WildcardConstraint {
  return { constraint_type: "wildcard" };
}

export const wildcardKind: Kind<WildcardConstraint> = {
  type: "wildcard",
  core: true,
  members: [],
  parse: () => ({ constraint_type: "wildcard" }),
  passes: () => true,
  // Presence was compared before: every child that reaches this rule requires a value.
  over: () => "stands",
  words: () => "any value",
};
