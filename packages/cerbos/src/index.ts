/**
 * Runs the real Cerbos policy decision point (PDP) beside your process, and checks policy folders with it.
 *
 * @module
 */
export type { CompilePoliciesOptions, CompileResult } from "./compile-policies.ts";
export { compilePolicies } from "./compile-policies.ts";
export type { SchemaEnforcement } from "./pdp-config.ts";
export type { PolicyError, PolicyTestFailure, PolicyTests } from "./read-compile-output.ts";
export type { Pdp, StartPdpOptions } from "./start-pdp.ts";
export { startPdp } from "./start-pdp.ts";
export type { PdpExit } from "./supervise.ts";
