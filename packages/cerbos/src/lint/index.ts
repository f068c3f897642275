/** Which rules are decided otherwise than they read, and which are never asked about? */

export { type LintPoliciesOptions, lintPolicies } from "./lint-policies.ts";
export { type PolicyTrap, type PolicyTrapCode, policyTraps } from "./policy-traps.ts";
export type { PolicyWarning, PolicyWarningCode } from "./policy-warning.ts";
