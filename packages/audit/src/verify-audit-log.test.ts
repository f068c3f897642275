import { appendFileSync, cpSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateSigner } from "@hopwise/core";
import { thumbprintOf } from "@hopwise/core/tokens";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Broken } from "./broken.ts";
import { signStatement } from "./checkpoint.ts";
import { FORMAT, type Head } from "./line.ts";
import { openAuditLog } from "./open-audit-log.ts";
import { decision } from "./records.fixture.ts";
import { brokenOf, signer, twoStreams, write } from "./signed-logs.fixture.ts";
import { filesOf, linesOf, relink, temporaryFolder, writeLines } from "./testing.fixture.ts";
import { type AuditVerification, verifyAuditLog } from "./verify-audit-log.ts";

describe("a log that nobody touched", () => {
  it("verifies, with counts and heads, in segments and with several writers", async () => {
    const { folder, heads } = await twoStreams();
    expect(filesOf(folder).length).toBeGreaterThan(4);
    const found = (await verifyAuditLog({
      folder,
      keys: [signer.publicJwk],
      expectHead: heads,
    })) as Extract<AuditVerification, { ok: true }>;
    expect(found).toMatchObject({ ok: true, records: 24 + 8 + 9 + 3 });
    expect(found.streams.map(({ head }) => head)).toEqual(heads);
    expect(found.streams.map(({ state, unsigned }) => [state, unsigned])).toEqual([
      ["closed", 0],
      ["closed", 0],
    ]);
  });

  it("verifies with ES256 as with Ed25519, and with the keys of now and of before", async () => {
    const folder = temporaryFolder();
    await write(folder, 3);
    const next = await generateSigner("ES256");
    await write(folder, 3, { signer: next });
    expect(await brokenOf(folder, [], [signer, next])).toBeUndefined();
    expect(await brokenOf(folder, [], [signer])).toMatchObject({
      reason: "unknown_key",
      line: 2,
      message: expect.stringContaining(`the stream names ${await thumbprintOf(next.publicJwk)}; if that is yours`),
    });
  });

  it("verifies while it is written", async () => {
    const folder = temporaryFolder();
    const log = await openAuditLog({ folder, signer, checkpoint: { records: 7 }, rotate: { bytes: 20_000 } });
    let writing = true;
    const callers = Array.from({ length: 16 }, async () => {
      while (writing) await log.record(decision({ reason: "x".repeat(2000) }));
    });
    for (let i = 0; i < 10; i++) expect(await brokenOf(folder)).toBeUndefined();
    writing = false;
    await Promise.all(callers);
    await log.close();
    expect(await brokenOf(folder, [log.head])).toBeUndefined();
  });

  it("is not one for a key that is none, nor without its folder", async () => {
    const folder = temporaryFolder();
    await expect(verifyAuditLog({ folder, keys: [{ kty: "OKP", crv: "Ed25519", x: "AA" }] })).rejects.toThrow("keys");
    await expect(verifyAuditLog({ folder: join(folder, "none"), keys: [] })).rejects.toMatchObject({
      code: "config_invalid",
    });
  });
});

describe("a log that is opened again and again", () => {
  it("notes each ended stream once, and still misses any of them that is taken away", async () => {
    const folder = temporaryFolder();
    for (let i = 0; i < 6; i++) await write(folder, 1, { rotate: { bytes: 1e6 } });
    const files = filesOf(folder);
    const noted = files.map((file) => JSON.parse(linesOf(folder, file)[0] as string).segment.noted.length);
    expect(noted).toEqual([0, 1, 1, 1, 1, 1]);
    for (const file of files.slice(0, -1)) {
      const bytes = readFileSync(join(folder, file));
      rmSync(join(folder, file));
      expect(await brokenOf(folder)).toMatchObject({ file, reason: "deleted" });
      writeFileSync(join(folder, file), bytes);
    }
    expect(await brokenOf(folder)).toBeUndefined();
  });
});

describe("a log that somebody touched", () => {
  it("names a segment that was taken away, and one that was put in another's place", async () => {
    const { folder, heads } = await twoStreams();
    const [first = "", second = "", third = ""] = filesOf(folder);
    rmSync(join(folder, second));
    expect(await brokenOf(folder, heads)).toMatchObject({ file: second, reason: "deleted" });
    renameSync(join(folder, third), join(folder, second));
    expect(await brokenOf(folder, heads)).toMatchObject({ file: second, line: 1, reason: "deleted" });
    rmSync(join(folder, first));
    expect(await brokenOf(folder, heads)).toMatchObject({ file: first, reason: "deleted" });
  });

  it("names a stream that was taken away, if a later one or a noted head knows it", async () => {
    const { folder, heads } = await twoStreams();
    const streams = heads.map(({ writer }) => filesOf(folder).filter((file) => file.startsWith(writer)));
    const [older = [], newer = []] = streams;
    for (const file of newer) rmSync(join(folder, file));
    expect(await brokenOf(folder)).toBeUndefined(); // nobody else knew of it
    expect(await brokenOf(folder, heads)).toMatchObject({ file: newer[0], reason: "rolled_back" });
    const again = await twoStreams();
    for (const file of filesOf(again.folder)) {
      if (file.startsWith(again.heads[0]?.writer ?? "")) rmSync(join(again.folder, file));
    }
    expect(await brokenOf(again.folder)).toMatchObject({
      reason: "deleted",
      file: expect.stringMatching(/\.000001\./),
    });
    expect(older).not.toEqual([]);
  });

  it("names a copy that was restored from before, by a head that was noted elsewhere", async () => {
    const folder = temporaryFolder();
    const noted: Head[] = [];
    const log = await openAuditLog({
      folder,
      signer,
      onCheckpoint: (head) => noted.push(head),
      checkpoint: { records: 1 },
    });
    await log.record(decision());
    const backup = temporaryFolder();
    cpSync(folder, backup, { recursive: true });
    for (let i = 0; i < 20; i++) await log.record(decision());
    await log.close();
    expect(await brokenOf(folder, noted)).toBeUndefined();
    expect(await brokenOf(backup)).toBeUndefined(); // in itself it is sound
    expect(await brokenOf(backup, [noted.at(-1) as Head])).toMatchObject({ reason: "rolled_back" });
  });

  it("names another history that was written from a noted head's place on", async () => {
    const { folder, heads } = await twoStreams();
    const [head] = heads as [Head];
    expect(await brokenOf(folder, [{ ...head, hash: "0".repeat(64) }])).toMatchObject({
      reason: "rolled_back",
      seq: head.seq,
    });
  });

  it("names what was changed and linked anew: the next checkpoint does not sign it", async () => {
    const folder = temporaryFolder();
    await write(folder, 12, { rotate: { bytes: 1e6 } });
    const [file = ""] = filesOf(folder);
    const lines = linesOf(folder, file);
    const at = lines.findIndex((line) => line.includes('"invocation":"i1"'));
    const checkpoint = lines.findIndex((line, i) => i > at && line.includes('"checkpoint":'));
    lines[at] = (lines[at] as string).replace('"denied"', '"allowed"');
    writeLines(folder, file, relink(lines));
    expect(await brokenOf(folder)).toMatchObject({ file, line: checkpoint + 1, reason: "changed" });
    writeLines(folder, file, relink(lines.filter((line, i) => i < 2 || !line.includes('"checkpoint":'))));
    // Without any checkpoint behind it, it is a stream that was never closed; a noted head tells.
    expect(await brokenOf(folder)).toBeUndefined();
  });

  it("names a stream without a checkpoint at its beginning: nobody's key stands for it", async () => {
    const folder = temporaryFolder();
    await write(folder, 3);
    const [file = ""] = filesOf(folder);
    const lines = linesOf(folder, file).filter((line) => !line.includes('"checkpoint":'));
    writeLines(folder, file, relink(lines));
    expect(await brokenOf(folder)).toMatchObject({ file, reason: "unsigned" });
  });

  it("names a forged checkpoint: by another key, with another key's id, of another place, of another kind", async () => {
    const folder = temporaryFolder();
    await write(folder, 12, { rotate: { bytes: 1e6 } });
    const [file = ""] = filesOf(folder);
    const lines = linesOf(folder, file);
    const last = lines.length - 1;
    const tail = JSON.parse(lines[last] as string) as { prev: string; checkpoint: string };
    const payload = JSON.parse(Buffer.from(tail.checkpoint.split(".")[1] as string, "base64url").toString());
    const withCheckpoint = async (checkpoint: string): Promise<Broken | undefined> => {
      writeLines(folder, file, relink(lines.with(last, `{"seq":0,"prev":"x","checkpoint":"${checkpoint}"}\n`)));
      return brokenOf(folder);
    };
    expect(payload).toMatchObject({ log: FORMAT, hash: tail.prev, closed: true });
    expect(await withCheckpoint(tail.checkpoint)).toBeUndefined();
    const stranger = await generateSigner();
    const kid = JSON.parse(Buffer.from(tail.checkpoint.split(".")[0] as string, "base64url").toString()).kid as string;
    const forged = { line: last + 1, reason: "forged_checkpoint" };
    expect(await withCheckpoint(await signStatement(payload, stranger, "their-own"))).toMatchObject({
      line: last + 1,
      reason: "unknown_key",
      message: "the checkpoint's key is not a trusted one",
    });
    expect(await withCheckpoint(await signStatement(payload, stranger, kid))).toMatchObject(forged);
    const earlier = lines.find((line, i) => i > 1 && line.includes('"checkpoint":')) as string;
    expect(await withCheckpoint(JSON.parse(earlier).checkpoint)).toMatchObject(forged);
    expect(await withCheckpoint(await signStatement({ ...payload, writer: "w" }, signer, kid))).toMatchObject(forged);
    // The last character of a signature has bits that mean nothing: of its spellings one is right.
    const same = "AQgw".includes(tail.checkpoint.at(-1) as string);
    expect(same).toBe(true);
    const spelled =
      tail.checkpoint.slice(0, -1) + String.fromCharCode(tail.checkpoint.charCodeAt(tail.checkpoint.length - 1) + 1);
    expect(await withCheckpoint(spelled)).toMatchObject(forged);
    // The same key's signature, but under another name than a checkpoint's.
    const input = `${base64url({ alg: "Ed25519", typ: "other", kid })}.${tail.checkpoint.split(".")[1]}`;
    const signature = Buffer.from(await signer.sign(Buffer.from(input))).toString("base64url");
    expect(await withCheckpoint(`${input}.${signature}`)).toMatchObject(forged);
  });

  it("names what was added behind the end of a closed log", async () => {
    const folder = temporaryFolder();
    await write(folder, 3, { rotate: { bytes: 1e6 } });
    const [file = ""] = filesOf(folder);
    const lines = linesOf(folder, file);
    const record = lines.find((line) => line.includes('"record":')) as string;
    writeLines(folder, file, relink([...lines, record]));
    expect(await brokenOf(folder)).toMatchObject({ line: lines.length + 1, reason: "inserted" });
    writeLines(folder, file, relink(lines.toSpliced(-1, 0, record)));
    expect(await brokenOf(folder)).toMatchObject({ line: lines.length + 1, reason: "inserted" });
    writeLines(folder, file, [...lines, "{"]);
    expect(await brokenOf(folder)).toMatchObject({ line: lines.length + 1, reason: "inserted" });
  });

  it("names a cut-off line that no later stream noted, and keeps its bytes when one did", async () => {
    const folder = temporaryFolder();
    // It lives on, and writes no more: not a checkpoint, either.
    const crashed = await openAuditLog({ folder, signer, checkpoint: { ms: 60_000 } });
    for (let i = 0; i < 5; i++) await crashed.record(decision());
    onTestFinished(() => crashed.close().catch(() => {}));
    const [file = ""] = filesOf(folder);
    const path = join(folder, file);
    appendFileSync(path, '{"seq":7,"pre');
    expect(await brokenOf(folder)).toMatchObject({ file, line: 8, seq: 7, reason: "torn" });
    const next = await openAuditLog({ folder, signer });
    await next.close();
    const found = await verifyAuditLog({ folder, keys: [signer.publicJwk] });
    expect(found).toMatchObject({ ok: true, streams: [{ records: 5, tornBytes: 13, state: "ended" }, {}] });
    const whole = readFileSync(path);
    writeFileSync(path, Buffer.concat([whole.subarray(0, -1), Buffer.from("x")]));
    expect(await brokenOf(folder)).toMatchObject({ file, reason: "changed" });
    truncateSync(path, whole.length - 13);
    expect(await brokenOf(folder)).toMatchObject({ file, reason: "changed" });
    truncateSync(path, linesOf(folder, file).slice(0, -1).join("").length);
    expect(await brokenOf(folder)).toMatchObject({ file, reason: "truncated" });
  });
});

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
