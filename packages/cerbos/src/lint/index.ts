/** What do policies say that is decided otherwise than it reads, or that nobody asks? */

export { type LintPoliciesOptions, lintPolicies } from "./lint-policies.ts";
export { type PolicyTrap, type PolicyTrapCode, policyTraps } from "./policy-traps.ts";
export type { PolicyWarning, PolicyWarningCode } from "./policy-warning.ts";
