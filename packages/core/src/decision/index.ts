/** What does Cerbos say for each hop, and what do all answers together mean? */
export type { Edge } from "./ask-hop.ts";
export { checkHops, type HopVerdict, type HopWatch } from "./check-hops.ts";
export { combineVerdicts } from "./combine.ts";
export {
  type Allowed,
  type Asked,
  type ChainView,
  type Decision,
  type DenialCode,
  type Denied,
  isRetryable,
  type Pending,
  type Stage,
  type Timings,
} from "./decision.ts";
export { type Explanation, explain } from "./explain.ts";
export { couldBeAllowed, type ListItem } from "./list-hops.ts";
export { type ModelView, modelView } from "./model-view.ts";
export { addUp, changesResults, type Fulfilled, fulfil, type Obligations } from "./obligations.ts";
export { chainLine, operatorView } from "./operator-view.ts";
export { type PolicyDecisionPoint, type TraceHeaders, withHeaders } from "./pdp.ts";
