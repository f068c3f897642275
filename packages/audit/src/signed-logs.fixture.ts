/** Logs of several streams and segments, signed by one key, for the tests of their verifier. */
import { generateSigner, type Signer } from "@hopwise/core";
import type { Broken } from "./broken.ts";
import type { Head } from "./line.ts";
import { type AuditLogOptions, openAuditLog } from "./open-audit-log.ts";
import { decision, outcome } from "./records.fixture.ts";
import { temporaryFolder } from "./testing.fixture.ts";
import { verifyAuditLog } from "./verify-audit-log.ts";

export const signer: Signer = await generateSigner();

/** A closed stream of so many records, over some segments and with a checkpoint about every five records. */
export async function write(folder: string, records: number, options: Partial<AuditLogOptions> = {}): Promise<Head> {
  const log = await openAuditLog({
    folder,
    signer,
    checkpoint: { records: 5 },
    rotate: { bytes: 4000 },
    ...options,
  });
  for (let i = 0; i < records; i++) {
    await log.record(decision({ invocation: `i${i}`, reason: "x".repeat(i % 7), outcome: "denied" }));
    if (i % 3 === 0) await log.outcome(outcome({ invocation: `i${i}` }));
  }
  await log.close();
  return log.head;
}

/** What the verifier finds broken; undefined where the log is sound. */
export async function brokenOf(
  folder: string,
  expectHead: readonly Head[] = [],
  keys: readonly Signer[] = [signer],
): Promise<Broken | undefined> {
  const found = await verifyAuditLog({ folder, keys: keys.map(({ publicJwk }) => publicJwk), expectHead });
  return found.ok ? undefined : found.broken;
}

/** A log of two streams, of which the later notes the earlier, and what was noted of both elsewhere. */
export async function twoStreams(): Promise<{ folder: string; heads: readonly Head[] }> {
  const folder = temporaryFolder();
  return { folder, heads: [await write(folder, 24), await write(folder, 9)] };
}
