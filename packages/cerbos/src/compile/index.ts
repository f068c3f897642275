/** Does a folder compile, and do its own tests pass? */

export {
  type CompilePoliciesOptions,
  compilePolicies,
  type PolicyCheck,
  refuseBrokenPolicies,
  refuseTraps,
  refuseUncompiled,
} from "./compile-policies.ts";
export type { PolicyError, PolicyTestFailure, PolicyTests } from "./read-compile-output.ts";
export type { CompileResult } from "./run-compile.ts";
