/**
 * A durable audit log on files: hash-linked, with signed checkpoints, its reader and its verifier.
 *
 * @module
 */
export { type AffectedChain, type BlastOptions, type BlastRadius, blastRadius, type Untold } from "./blast-radius.ts";
export type { Broken, BrokenReason } from "./broken.ts";
export type { AuditFilter } from "./filter.ts";
export type { Head } from "./line.ts";
export { type Lineage, lineage } from "./lineage.ts";
export type { IssuerChains } from "./living-chains.ts";
export { type AuditLog, type AuditLogOptions, openAuditLog } from "./open-audit-log.ts";
export type { AuditFolders } from "./option-shapes.ts";
export { printLineage } from "./print-lineage.ts";
export { printOutcome } from "./print-outcome.ts";
export { printRecord } from "./print-record.ts";
export { printShadowReport } from "./print-shadow-report.ts";
export { type AuditEntry, readAuditLog } from "./read-audit-log.ts";
export {
  type ShadowedBy,
  type ShadowedDenials,
  type ShadowedTool,
  type ShadowReport,
  type ShadowReportOptions,
  shadowReport,
  type UnprovenByCode,
} from "./shadow-report.ts";
export { type UnknownName, unknownNames } from "./unknown-names.ts";
export {
  type AuditVerification,
  type SoundLog,
  type SoundStream,
  type VerifyOptions,
  verifyAuditLog,
} from "./verify-audit-log.ts";
