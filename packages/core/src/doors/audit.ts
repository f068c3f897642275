/**
 * What does the record of a decision hold? For authors of a sink, and readers of its records.
 *
 * @packageDocumentation
 */
export type {
  AuditSink,
  DecisionRecord,
  LineWriter,
  MemoryAudit,
  Outcome,
  OutcomeRecord,
  TokenRecord,
  UnverifiedAttempt,
} from "../audit/index.ts";
export type { Asked, ChainView, HopVerdict, Timings } from "../decision/index.ts";
export type { Hop } from "../principal/index.ts";
export { chainLine, type Explainable, type Explanation } from "../views/index.ts";
