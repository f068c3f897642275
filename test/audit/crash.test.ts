/** The audit log under SIGKILL, and with several processes at once: real processes, real files. */
import { openAuditLog, type SoundLog, verifyAuditLog } from "@hopwise/audit";
import { type Signer, signerFromJwk } from "@hopwise/core";
import { exportJWK, generateKeyPair } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { ran } from "../support/ran.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { acknowledged, missingFrom, startWriter, type Writer } from "./writers.ts";

let key: object;
let signer: Signer;
beforeAll(async () => {
  key = await exportJWK((await generateKeyPair("Ed25519", { extractable: true })).privateKey);
  signer = await signerFromJwk(key as never);
});

async function sound(folder: string): Promise<SoundLog> {
  const found = await verifyAuditLog({ folder, keys: [signer.publicJwk] });
  if (!found.ok) throw new Error(JSON.stringify(found.broken));
  return found;
}

/** Opens the log again, as the restarted process would. */
async function reopen(folder: string): Promise<void> {
  const log = await openAuditLog({ folder, signer });
  await log.close();
}

const ROUNDS = process.env["HOPWISE_RUNS"] === "full" ? 60 : 6;

describe("a process that is killed while 64 callers write", () => {
  it("loses no record it acknowledged, and leaves a log that verifies once it is opened again", {
    timeout: 300_000,
  }, async () => {
    const folder = temporaryFolder();
    const killed: Writer[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      // Large records now and then: a write that takes longer is easier cut in two.
      const size = round % 2 === 0 ? 500 : 100_000;
      const writer = startWriter({ folder, key, name: `r${round}`, callers: 64, records: 1e9, size });
      await writer.until(2 + Math.floor(Math.random() * 500));
      writer.process.kill("SIGKILL");
      await writer.gone;
      expect(writer.lines().length).toBeGreaterThan(1);
      killed.push(writer);
      if (round % 2 === 1) await reopen(folder);
    }
    await reopen(folder);
    const told = acknowledged(killed);
    expect(told.length).toBeGreaterThan(ROUNDS);
    ran("processes killed while they write", killed.length);
    expect(await missingFrom(folder, told)).toEqual([]);
    const { streams } = await sound(folder);
    const left = streams.filter(({ state }) => state !== "closed");
    expect(left).toHaveLength(ROUNDS);
    // Where the system tells that the process is gone, nothing may follow what it wrote.
    if (process.platform === "linux") expect(new Set(left.map(({ state }) => state))).toEqual(new Set(["ended"]));
  });
});

describe("several processes that write to one folder", () => {
  it("each write a stream of their own, and the folder verifies, also where one of them was killed", async () => {
    const folder = temporaryFolder();
    const writers = ["a", "b", "c", "d"].map((name) =>
      startWriter({ folder, key, name, callers: 16, records: 1500, size: 300, rotateBytes: 100_000 }),
    );
    await (writers[0] as Writer).until(200);
    writers[0]?.process.kill("SIGKILL");
    await Promise.all(writers.map(({ gone }) => gone));
    await reopen(folder);
    const { streams, records } = await sound(folder);
    expect(streams).toHaveLength(5);
    expect(streams.filter(({ state }) => state === "closed")).toHaveLength(4);
    expect(records).toBeGreaterThanOrEqual(3 * 1500 + 198);
    const told = acknowledged(writers);
    expect(told.length).toBeGreaterThanOrEqual(3 * 1500);
    expect(await missingFrom(folder, told)).toEqual([]);
  });
});
