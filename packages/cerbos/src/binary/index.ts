/** Where is Cerbos' program, and how does one process of it run and end? */

export { ADMIN } from "./admin.ts";
export { findBinary } from "./find-binary.ts";
export { keepFolder } from "./keep-folder.ts";
export { mixesUpRules } from "./mixes-up-rules.ts";
export {
  GLOBALS,
  JWT_KEY_SETS,
  type JwtKeySet,
  type JwtKeySets,
  type PolicyGlobals,
  pdpConfig,
  SCHEMA_ENFORCEMENT,
  type SchemaEnforcement,
} from "./pdp-config.ts";
export { pdpEnvironment } from "./pdp-environment.ts";
export { copyInto, createRunFolder, type RunFolder, renewRunFolder, serveNext } from "./run-folder.ts";
export { exitWords, type PdpExit, type SupervisedPdp, supervise } from "./supervise.ts";
