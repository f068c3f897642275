/** What a durable audit log takes, and what it costs the calls of a real authorizer on the real Cerbos. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAuditLog } from "@hopwise/audit";
import { startPdp } from "@hopwise/cerbos";
import { generateSigner, memoryAudit, type Session } from "@hopwise/core";
import type { DecisionRecord } from "@hopwise/core/audit";
import { type Candidate, p50, ratio, takeTurns } from "./measure.ts";
import { CALL, FULFILS, makeAuthorizer, makeTeam, POLICIES } from "./world.ts";

const CALLERS = 64;
const MANY_CALLERS = 1024;

/** Keys of the table. */
export interface AuditResult {
  /** Durable records a second, with 1024 callers that each wait for theirs. */
  readonly audit_records_s: number;
  /** The same with 64. */
  readonly audit_records_64_s: number;
  /** Calls a second of 64 callers with the log on disk ÷ with a sink in memory. */
  readonly audit_durable_throughput: number;
  readonly audit_record_bytes: number;
}

export async function measureAudit(): Promise<AuditResult> {
  const folder = mkdtempSync(join(tmpdir(), "hopwise-bench-audit-"));
  await using pdp = await startPdp({ policies: POLICIES });
  await using log = await openAuditLog({ folder, signer: await generateSigner() });
  try {
    const team = await makeTeam();
    const memory = memoryAudit();
    await mustBeAllowed(await makeAuthorizer(team, pdp.client, { audit: memory }).openSession(team.held));
    const record = memory.records[0] as DecisionRecord;
    const on = await makeAuthorizer(team, pdp.client, { audit: log }).openSession(team.held);
    const off = await makeAuthorizer(team, pdp.client).openSession(team.held);
    const calls = await takeTurns(
      { on: shared(CALLERS, () => mustBeAllowed(on)), off: shared(CALLERS, () => mustBeAllowed(off)) },
      { rounds: 20, warmup: 5, batch: 256, clock: "wall" },
    );
    const write = async (): Promise<void> => log.record(record);
    const records = await takeTurns(
      { many: shared(MANY_CALLERS, write), few: shared(CALLERS, write) },
      { rounds: 20, warmup: 5, batch: 8192, clock: "wall" },
    );
    return {
      audit_records_s: 1e6 / p50(records.many),
      audit_records_64_s: 1e6 / p50(records.few),
      audit_durable_throughput: ratio(calls.off, calls.on),
      audit_record_bytes: Buffer.byteLength(JSON.stringify(record)),
    };
  } finally {
    await log.close();
    rmSync(folder, { recursive: true });
  }
}

/** So many callers that each do one operation after the other, until all are done. */
function shared(callers: number, operation: () => Promise<unknown>): Candidate {
  return (count) => async () => {
    let left = count;
    await Promise.all(
      Array.from({ length: callers }, async () => {
        while (left-- > 0) await operation();
      }),
    );
  };
}

async function mustBeAllowed(session: Session): Promise<void> {
  const { outcome } = await session.authorize({ ...CALL, ...FULFILS });
  if (outcome !== "allowed") throw new Error(`the benchmark's call was ${outcome}`);
}
