/**
 * What is written down of a decision? For who writes a sink, or reads what one wrote.
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
