/** How is a decision point asked: in time, and all of a decision at one? */

export { callerLeft } from "./attempt.ts";
export { oneConnection } from "./one-connection.ts";
export { type Changeover, createChangeover, onePolicySet } from "./one-policy-set.ts";
export {
  CANARY,
  hasCanary,
  type PdpProbe,
  type PdpWarning,
  type PdpWarningCode,
  type ProbePdpOptions,
  probePdp,
} from "./probe-pdp.ts";
export {
  CLIENT,
  DEFAULT_TIMEOUT_MS,
  type PolicyClient,
  RESILIENCE_ROWS,
  type ResilienceOptions,
  resilient,
  type TargetChange,
} from "./resilient.ts";
export { clientFor, type PdpTls, TARGET, TLS } from "./target.ts";
export { noRoom } from "./target-fault.ts";
export { type Whole, withWhole } from "./with-whole.ts";
