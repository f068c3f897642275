/** The audit log on disks that are full or read-only: real limits, a real small file system, a real authorizer. */
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AuditLog, openAuditLog, readAuditLog, verifyAuditLog } from "@hopwise/audit";
import { type Decision, generateSigner, type Signer, signerFromJwk } from "@hopwise/core";
import { exportJWK, generateKeyPair } from "jose";
import { describe, expect, it } from "vitest";
import { smallDisk } from "../support/small-disk.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { worldHere } from "../support/world.ts";
import { acknowledged, missingFrom, startWriter } from "./writers.ts";

const world = await worldHere();
const signer = await generateSigner();

const disk = smallDisk("256k");

async function read(audit: AuditLog): Promise<Decision> {
  const { authorizer } = world.authorizer({ audit });
  const session = await authorizer.openSession(world.planner);
  return session.authorize({ tool: "read_invoice", arguments: { id: "INV-7" } });
}

async function recorded(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { record } of readAuditLog(folder)) if (record.kind === "decision") found.push(record.invocation);
  return found;
}

/** Each denied decision was rejected, and perhaps the word that its call did not run; that one may come to be written. */
async function expectRejected(folder: string, decisions: number): Promise<void> {
  const log = await verify(folder);
  const rejected = log.ok ? log.streams[0]?.rejected : undefined;
  expect(rejected).toBeGreaterThanOrEqual(decisions);
  expect(rejected).toBeLessThanOrEqual(2 * decisions);
}

const verify = (folder: string, by: Signer = signer) => verifyAuditLog({ folder, keys: [by.publicJwk] });

describe("a disk that is full", () => {
  it.skipIf(disk === undefined)("denies with audit_unavailable, and allows again when there is room", async () => {
    const folder = join(disk as string, "log");
    const audit = await openAuditLog({ folder, signer });
    const before = await read(audit);
    expect(before.outcome).toBe("allowed");
    const filler = join(disk as string, "filler");
    expect(() => writeFileSync(filler, Buffer.alloc(2 ** 20))).toThrow("ENOSPC");
    // The last page of the log's file still has room: what fits in there is written.
    const during: Decision[] = [];
    for (let i = 0; i < 12; i++) during.push(await read(audit));
    const refused = during.filter(({ outcome }) => outcome === "denied");
    expect(refused.length).toBeGreaterThan(0);
    for (const decision of refused) expect(decision).toMatchObject({ code: "audit_unavailable", retryable: true });
    rmSync(filler);
    const after = await read(audit);
    expect(after.outcome).toBe("allowed");
    await audit.close();
    const allowed = [before, ...during, after].filter(({ outcome }) => outcome === "allowed");
    expect(await recorded(folder)).toEqual(allowed.map(({ invocation }) => invocation));
    expect(await verify(folder)).toMatchObject({ ok: true, streams: [{ segments: 2 }] });
    await expectRejected(folder, refused.length);
  });

  it("ends a file in the middle of a line where a limit cuts the write: the line is taken back", async () => {
    const key = await exportJWK((await generateKeyPair("Ed25519", { extractable: true })).privateKey);
    const folder = temporaryFolder();
    const setup = { folder, key, name: "w", callers: 8, records: 600, size: 400, rotateBytes: 1e9 };
    // No file beyond 32 KiB (in units of 512 bytes): the write that meets the limit is done in part.
    const writer = startWriter(setup, "ulimit -f 64");
    await writer.gone;
    const lines = writer.lines();
    expect(lines.at(-1)).toBe("closed");
    expect(new Set(lines.filter((line) => line.startsWith("refused")))).toEqual(new Set(["refused audit_unavailable"]));
    const found = await verify(folder, await signerFromJwk(key as never));
    const refused = lines.filter((line) => line.startsWith("refused")).length;
    expect(found).toMatchObject({
      ok: true,
      records: 600 - refused,
      streams: [{ rejected: refused, state: "closed" }],
    });
    expect(await missingFrom(folder, acknowledged([writer]))).toEqual([]);
  });
});

/** Runs as a user whom a folder's mode binds: the superuser's writes go through anyway. */
async function asOrdinaryUser<T>(folder: string, run: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return run();
  chownSync(folder, 65534, 65534);
  process.seteuid?.(65534);
  try {
    return await run();
  } finally {
    process.seteuid?.(0);
  }
}

/** Where another user gets to, also where the temporary folder of this one is his alone. */
const REACHABLE = process.geteuid?.() === 0 ? "/tmp" : tmpdir();

describe("a folder that is read-only", () => {
  it("opens no log", async () => {
    const folder = join(temporaryFolder(undefined, REACHABLE), "log");
    mkdirSync(folder);
    chmodSync(join(folder, ".."), 0o711);
    await asOrdinaryUser(folder, async () => {
      chmodSync(folder, 0o500);
      await expect(openAuditLog({ folder, signer })).rejects.toMatchObject({ code: "audit_unavailable" });
    });
  });

  it("denies when it becomes so and a segment must begin, and allows again when it can be written to", async () => {
    const folder = join(temporaryFolder(undefined, REACHABLE), "log");
    mkdirSync(folder);
    chmodSync(join(folder, ".."), 0o711);
    await asOrdinaryUser(folder, async () => {
      const audit = await openAuditLog({ folder, signer, rotate: { bytes: 1 }, checkpoint: { records: 1 } });
      expect((await read(audit)).outcome).toBe("allowed");
      // A full segment is left with its checkpoint; the next record needs a new file.
      await expect.poll(() => audit.head.seq).toBe(3);
      chmodSync(folder, 0o500);
      expect(await read(audit)).toMatchObject({ outcome: "denied", code: "audit_unavailable" });
      chmodSync(folder, 0o700);
      expect((await read(audit)).outcome).toBe("allowed");
      await audit.close();
      expect((await recorded(folder)).length).toBe(2);
      await expectRejected(folder, 1);
    });
  });
});
