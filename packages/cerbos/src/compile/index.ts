/** Does a folder compile, and do its own tests pass? */

export {
  type CompilePoliciesOptions,
  type CompileResult,
  compilePolicies,
  type PolicyCheck,
  refuseBrokenPolicies,
  refuseByteless,
  refuseTraps,
  refuseUncompiled,
} from "./compile-policies.ts";
export type { PolicyError, PolicyTestFailure, PolicyTests } from "./read-compile-output.ts";
