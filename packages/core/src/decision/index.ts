/** What does Cerbos say for each hop, and what do all answers together mean? */
export type { Edge } from "./ask-hop.ts";
export { checkHops, type HopVerdict } from "./check-hops.ts";
export { combineVerdicts } from "./combine.ts";
export { settleInTime } from "./deadline.ts";
export {
  type Allowed,
  type ChainView,
  type ContextOrigin,
  type Decision,
  type DenialCode,
  type Denied,
  isRetryable,
  type Pending,
  type Stage,
  type Timings,
} from "./decision.ts";
export { chainLine, explain, type ModelView, modelView } from "./explain.ts";
export { couldBeAllowed, type ListItem } from "./list-hops.ts";
export type { PolicyDecisionPoint } from "./pdp.ts";
