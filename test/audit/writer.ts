/**
 * Writes to an audit log from many callers, in a process of its own that can be killed. Prints a line for each record
 * that was acknowledged, and only then.
 */
import { writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { openAuditLog } from "@hopwise/audit";
import { signerFromJwk } from "@hopwise/core";
import { decision } from "../../packages/audit/src/records.fixture.ts";

export interface AuditWriterSetup {
  readonly folder: string;
  readonly key: object;
  readonly name: string;
  readonly callers: number;
  /** How many records it writes before it closes the log. */
  readonly records: number;
  /** Characters of a record, more or less. */
  readonly size: number;
  readonly rotateBytes?: number;
}

const setup: AuditWriterSetup = JSON.parse(process.env["AUDIT_WRITER"] ?? "{}");
const { folder, key, name, callers, records, size, rotateBytes = 2 ** 20 } = setup;
const log = await openAuditLog({
  folder,
  signer: await signerFromJwk(key as never),
  rotate: { bytes: rotateBytes },
  checkpoint: { records: 100, ms: 20 },
});
writeSync(1, "open\n");
let next = 0;
await Promise.all(
  Array.from({ length: callers }, async () => {
    while (next < records) {
      const invocation = `${name}-${next++}`;
      try {
        await log.record(decision({ invocation, reason: "x".repeat(Math.floor(Math.random() * 2 * size)) }));
        writeSync(1, `${invocation}\n`);
      } catch (error) {
        writeSync(1, `refused ${(error as { code?: string }).code}\n`);
        await delay(1);
      }
    }
  }),
);
await log.close();
writeSync(1, "closed\n");
