/** What was decided, for whom, and why? One record a decision, to a sink. */
export { auditTo, isShown, SINK, show, tell, tellKeepers } from "./audit-to.ts";
export { checkTold } from "./check-told.ts";
export { decisionRecord, type HiddenOne, unverifiedAttempt } from "./decision-record.ts";
export { DENIAL_CODE } from "./denial-code.ts";
export { type Outcome, outcomeRecord, refusedOutcome } from "./outcome.ts";
export type {
  ApprovedCall,
  AuditSink,
  DecisionRecord,
  HiddenItems,
  OtherRequest,
  OutcomeRecord,
  TokenRecord,
  UnverifiedAttempt,
} from "./record.ts";
export { jsonLinesAudit, type LineWriter, type MemoryAudit, memoryAudit } from "./sinks.ts";
export { strangerCounter } from "./strangers.ts";
export { type Breakable, hearFaults } from "./writer-fault.ts";
