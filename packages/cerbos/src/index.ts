/**
 * Runs the real Cerbos policy decision point (PDP) beside your process, or connects to those that run elsewhere, and
 * checks policy folders.
 *
 * @module
 */

export {
  type PdpProbe,
  type PdpTls,
  type PdpWarning,
  type PdpWarningCode,
  type PolicyClient,
  type ProbePdpOptions,
  probePdp,
  type ResilienceOptions,
  resilient,
  type TargetChange,
} from "./ask/index.ts";
export {
  findBinary,
  type JwtKeySet,
  type JwtKeySets,
  type PdpExit,
  type PolicyGlobals,
  type SchemaEnforcement,
} from "./binary/index.ts";
export {
  type CompilePoliciesOptions,
  type CompileResult,
  compilePolicies,
  type PolicyError,
  type PolicyTestFailure,
  type PolicyTests,
} from "./compile/index.ts";
export { type ConnectedPdp, type ConnectPdpOptions, connectPdp } from "./connect/index.ts";
export {
  type LintPoliciesOptions,
  lintPolicies,
  type PolicyTrapCode,
  type PolicyWarning,
  type PolicyWarningCode,
} from "./lint/index.ts";
export type { AskedDelegation, AskedTool } from "./policies/index.ts";
export { type Pdp, type PdpChange, type RestartOptions, type StartPdpOptions, startPdp } from "./serve/index.ts";
export { type SharingOptions, shareRequests } from "./sharing/index.ts";
