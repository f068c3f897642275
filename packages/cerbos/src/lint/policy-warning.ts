import type { PolicyTrapCode } from "./policy-traps.ts";

/** What a warning is about. The {@link PolicyTrapCode}s are errors where a PDP starts with the folder. */
export type PolicyWarningCode =
  | PolicyTrapCode
  | "name_hidden"
  | "pattern_unfit"
  | "derived_role_unfit"
  | "deny_on_optional_attribute"
  | "deny_for_named_roles"
  | "obligation_for_named_roles"
  | "overruled_by_scope"
  | "version_unheld"
  | "aux_data_absent"
  | "member_unknown"
  | "value_unknown"
  | "types_never_fit"
  | "condition_not_boolean"
  | "kind_unnamed"
  | "action_unnamed"
  | "deny_unasked"
  | "every_tool_unread"
  | "listing_reads_attributes"
  | "own_approval_allowed"
  | "plans_do_not_suffice"
  | "schema_ignored"
  | "file_unreadable";

/** A place in a policy folder that compiles, and may still decide otherwise than it was written to. */
export interface PolicyWarning {
  readonly code: PolicyWarningCode;
  /** Path of the file, below the folder as it was given; the folder itself where a policy is missing. */
  readonly file: string;
  /** Counted from 1; left out where the whole file is at fault. */
  readonly line?: number;
  /** The rule's name, or its place: `rule 2`. */
  readonly rule?: string;
  /** Such as `R.attr.args.amount`. */
  readonly attribute?: string;
  /** The problem, its consequence, and what to do. */
  readonly message: string;
}

/** What comes of an expression that no request lets Cerbos evaluate. */
export const NOT_EVALUATED =
  "it cannot be evaluated, so the action is denied, or, without strict evaluation, the rule is skipped, also one that denies";
