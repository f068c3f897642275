/**
 * Runs the real Cerbos policy decision point (PDP) beside your process, or connects to those that run elsewhere, and
 * checks policy folders.
 *
 * @module
 */
export type { CompilePoliciesOptions, CompileResult } from "./compile-policies.ts";
export { compilePolicies } from "./compile-policies.ts";
export type { ConnectedPdp, ConnectPdpOptions } from "./connect-pdp.ts";
export { connectPdp } from "./connect-pdp.ts";
export { findBinary } from "./find-binary.ts";
export type { PdpChange, RestartOptions } from "./keep-running.ts";
export type { LintPoliciesOptions, PolicyWarning, PolicyWarningCode } from "./lint-policies.ts";
export { lintPolicies } from "./lint-policies.ts";
export type { JwtKeySet, JwtKeySets, SchemaEnforcement } from "./pdp-config.ts";
export type { PolicyTrapCode } from "./policy-traps.ts";
export type { PdpProbe, PdpWarning, PdpWarningCode, ProbePdpOptions } from "./probe-pdp.ts";
export { probePdp } from "./probe-pdp.ts";
export type { PolicyError, PolicyTestFailure, PolicyTests } from "./read-compile-output.ts";
export type { PolicyClient, ResilienceOptions, TargetChange } from "./resilient.ts";
export { resilient } from "./resilient.ts";
export type { SharingOptions } from "./share-requests.ts";
export { shareRequests } from "./share-requests.ts";
export type { Pdp, StartPdpOptions } from "./start-pdp.ts";
export { startPdp } from "./start-pdp.ts";
export type { PdpExit } from "./supervise.ts";
export type { PdpTls } from "./target.ts";
export type { AskedDelegation, AskedTool } from "./asked-tool.ts";
