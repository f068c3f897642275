/** What does Cerbos say for each hop, and what do all answers together mean? */
export { type AuxData, type AuxDataQuery, type AuxDataSupplier, auxDataOf } from "./aux-data.ts";
export { checkHops, type HopVerdict, type HopWatch } from "./check-hops.ts";
export { checkRows, type RowAnswer, type RowsToCheck } from "./check-rows.ts";
export { type ClientErrorKind, clientErrorKind, clientWords } from "./client-error.ts";
export { combineVerdicts, type Fulfilment, refuseOwed } from "./combine.ts";
export type {
  Allowed,
  Asked,
  BudgetLeft,
  CallerView,
  ChainView,
  Decided,
  Decision,
  Denied,
  Pending,
  Shadowed,
  Timings,
  WaitingApproval,
} from "./decision.ts";
export type { Edge } from "./hop-request.ts";
export { type ExplainedHiding, joinFailures, joinListFailures } from "./join-failures.ts";
export { type ListItem, listHops } from "./list-hops.ts";
export {
  type ExpressionFailure,
  type PolicyDecisionPoint,
  type RunningPdp,
  type TraceHeaders,
  wholeOf,
  withHeaders,
} from "./pdp.ts";
export { planRows } from "./plan-rows.ts";
