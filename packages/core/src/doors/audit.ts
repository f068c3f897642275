/**
 * What does the record of a decision hold? For authors of a sink, and readers of its records.
 *
 * @packageDocumentation
 */
export {
  type AuditSink,
  auditTo,
  checkTold,
  type DecisionRecord,
  type HiddenItems,
  type LineWriter,
  type MemoryAudit,
  type OtherRequest,
  type Outcome,
  type OutcomeRecord,
  type TokenRecord,
  type UnverifiedAttempt,
} from "../audit/index.ts";
export type { Asked, ChainView, HopVerdict, Timings } from "../decision/index.ts";
export type { Hop } from "../principal/index.ts";
export {
  chainLine,
  type DenialOptions,
  type Explainable,
  type Explanation,
  helpOf,
  onDenial,
  type PrintingAuditOptions,
  printingAudit,
  type Screen,
  type SeenDenial,
} from "../views/index.ts";
