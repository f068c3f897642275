import type { DecisionRecord, OutcomeRecord } from "@hopwise/core/audit";
import { readerOf, text } from "@hopwise/core/options";
import { type AuditFolders, FOLDERS } from "./option-shapes.ts";
import { type AuditEntry, readAuditLog } from "./read-audit-log.ts";

/** One call's whole story. */
export interface Lineage {
  readonly decision: DecisionRecord;
  /** How the call ended. Undefined for a call that was refused, and for one that never reported an end. */
  readonly outcome?: OutcomeRecord;
  /** Where the decision stands in the log. */
  readonly place: Pick<AuditEntry, "folder" | "file" | "line" | "writer" | "seq">;
  /** Other decisions about calls of the same chain: the last five before, and the first five after. */
  readonly before: readonly DecisionRecord[];
  readonly after: readonly DecisionRecord[];
}

const NEIGHBOURS = 5;

const readFolder = readerOf<AuditFolders>("lineage", FOLDERS);
const readInvocation = readerOf<string>("lineage", text("an invocation, as errors and records name it"));

/**
 * Finds one call by its invocation, which errors, Cerbos' annotations and every record name; undefined where the log has
 * no decision about it. Reads the log twice: for the call, and for the others of its chain.
 *
 * @throws {HopwiseError} as `readAuditLog`
 */
export async function lineage(folder: AuditFolders, invocation: string): Promise<Lineage | undefined> {
  readFolder(folder);
  readInvocation(invocation);
  let found: Pick<Lineage, "decision" | "place"> | undefined;
  let outcome: OutcomeRecord | undefined;
  for await (const { record, ...place } of readAuditLog(folder, { invocation })) {
    if (record.kind === "decision") found ??= { decision: record, place };
    else outcome ??= record;
  }
  if (found === undefined) return undefined;
  const neighbours = await neighboursOf(folder, found.decision);
  return { ...found, ...(outcome !== undefined && { outcome }), ...neighbours };
}

async function neighboursOf(
  folder: AuditFolders,
  { chain, invocation }: DecisionRecord,
): Promise<Pick<Lineage, "before" | "after">> {
  const before: DecisionRecord[] = [];
  const after: DecisionRecord[] = [];
  if (chain?.id === undefined) return { before, after };
  let passed = false;
  for await (const { record } of readAuditLog(folder, { chain: chain.id })) {
    if (record.kind !== "decision") continue;
    if (record.invocation === invocation) {
      passed = true;
    } else if (passed) {
      after.push(record);
      if (after.length === NEIGHBOURS) break;
    } else {
      before.push(record);
      if (before.length > NEIGHBOURS) before.shift();
    }
  }
  return { before, after };
}
