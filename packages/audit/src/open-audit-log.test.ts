import { readFileSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { generateSigner, type Signer } from "@hopwise/core";
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { statementOf } from "./checkpoint.ts";
import type { Head } from "./line.ts";
import { type LogFile, type LogFiles, nodeFiles } from "./log-files.ts";
import { type AuditLogOptions, openAuditLog, openLogOn } from "./open-audit-log.ts";
import { readAuditLog } from "./read-audit-log.ts";
import { decision, outcome } from "./records.fixture.ts";
import { filesOf, linesOf, temporaryFolder } from "./testing.fixture.ts";
import { type AuditVerification, type SoundLog, verifyAuditLog } from "./verify-audit-log.ts";

let signer: Signer;
beforeAll(async () => {
  signer = await generateSigner();
});

const verify = (folder: string): Promise<AuditVerification> => verifyAuditLog({ folder, keys: [signer.publicJwk] });

async function sound(folder: string): Promise<SoundLog> {
  const found = await verify(folder);
  if (!found.ok) throw new Error(JSON.stringify(found.broken));
  return found;
}

async function invocations(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { record } of readAuditLog(folder)) found.push(record.invocation);
  return found;
}

describe("a folder that cannot be made", () => {
  it.runIf(process.platform === "linux").each(["/proc/hopwise", "/proc/hopwise/audit"])(
    "is told, and not tried for ever, where a system says that the one above it is not there: %s",
    async (folder) => {
      await expect(openAuditLog({ folder, signer })).rejects.toMatchObject({
        code: "audit_unavailable",
        message: `no audit log can be written to ${folder}: no such file or directory (ENOENT)`,
      });
    },
  );

  it("is told where the working directory was taken away", async () => {
    const gone = Object.assign(new Error("uv_cwd"), { code: "ENOENT", errno: -constants.errno.ENOENT });
    const cwd = vi.spyOn(process, "cwd").mockImplementation(() => {
      throw gone;
    });
    onTestFinished(() => cwd.mockRestore());
    await expect(openAuditLog({ folder: "./audit", signer })).rejects.toMatchObject({
      code: "audit_unavailable",
      message: "no audit log can be written to ./audit: no such file or directory (ENOENT)",
    });
  });

  it("is a file's", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    for (const folder of [file, join(file, "audit")])
      await expect(openAuditLog({ folder, signer })).rejects.toMatchObject({ code: "audit_unavailable" });
  });

  it("is made with those above it", async () => {
    const folder = join(temporaryFolder(), "a", "b");
    await (await openAuditLog({ folder, signer })).close();
    await (await openAuditLog({ folder, signer })).close();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });
});

/** A file system with a wish: what happens at a call, and how often it was called. */
function watched(instead: { readonly [call in keyof LogFile | "create" | "syncFolder"]?: () => Promise<void> | void }) {
  const calls: { [call: string]: number } = {};
  const order: string[] = [];
  const at = async (call: keyof typeof instead): Promise<void> => {
    calls[call] = (calls[call] ?? 0) + 1;
    order.push(call);
    await instead[call]?.();
  };
  const files: LogFiles = {
    ...nodeFiles,
    create: async (path) => {
      await at("create");
      const file = await nodeFiles.create(path);
      return {
        write: async (bytes) => {
          // Half of it is on the disk when the fault comes.
          const half = bytes.length >> 1;
          await file.write(bytes.subarray(0, half));
          await at("write");
          await file.write(bytes.subarray(half));
        },
        sync: async () => {
          await at("sync");
          await file.sync();
        },
        truncate: async (bytes) => {
          await at("truncate");
          await file.truncate(bytes);
        },
        isThere: () => file.isThere(),
        close: () => file.close(),
      };
    },
    syncFolder: async (path) => {
      await at("syncFolder");
      await nodeFiles.syncFolder(path);
    },
  };
  return { files, calls, order };
}

/** Breaks from a moment on, until it is told to be well again. */
function fault(code: string) {
  let broken = false;
  return {
    happen: () => {
      if (broken)
        throw Object.assign(new Error(`${code}: the disk says no`), {
          code,
          errno: -constants.errno[code as "ENOSPC"],
        });
    },
    begin: () => {
      broken = true;
    },
    end: () => {
      broken = false;
    },
  };
}

describe("an audit log", () => {
  it("keeps decisions and what came of them, each as it was given, private to its user", async () => {
    const folder = join(temporaryFolder(), "made", "by", "the", "log");
    const log = await openAuditLog({ folder, signer });
    const given = [
      decision({ reason: 'no\n{"seq":7}\r\u2028\u001b[31m\ud800', tool: "zahlung ümlaut 💶" }),
      outcome({ redacted: ["/iban"] }),
    ] as const;
    await log.record(given[0]);
    await log.outcome(given[1]);
    await log.close();
    const read = [];
    for await (const { record } of readAuditLog(folder)) read.push(record);
    expect(read).toEqual(given);
    expect(await sound(folder)).toMatchObject({ records: 2 });
  });

  it("has a record on disk, synced, when it is done", async () => {
    const folder = temporaryFolder();
    const { files, calls } = watched({});
    const log = await openLogOn(files, { folder, signer });
    const before = calls["sync"] ?? 0;
    await log.record(decision({ invocation: "here" }));
    expect(calls["sync"]).toBe(before + 1);
    const [file = ""] = filesOf(folder);
    expect(readFileSync(join(folder, file), "utf8")).toContain('"invocation":"here"');
    await log.close();
  });

  it("waits for the disk: a record is not done before its sync is", async () => {
    let release = (): void => {};
    let hold = false;
    const { files } = watched({ sync: () => (hold ? new Promise((done) => (release = done)) : undefined) });
    const log = await openLogOn(files, { folder: temporaryFolder(), signer });
    hold = true;
    let done = false;
    const recording = Promise.resolve(log.record(decision())).then(() => {
      done = true;
    });
    await delay(30);
    expect(done).toBe(false);
    hold = false;
    release();
    await recording;
    await log.close();
  });

  it("shares one write and one sync among all who wait", async () => {
    const { files, calls } = watched({});
    const folder = temporaryFolder();
    const log = await openLogOn(files, { folder, signer });
    const before = calls["sync"] ?? 0;
    await Promise.all(Array.from({ length: 500 }, (_, i) => log.record(decision({ invocation: `i${i}` }))));
    expect((calls["sync"] ?? 0) - before).toBeLessThanOrEqual(3);
    await log.close();
    expect(new Set(await invocations(folder)).size).toBe(500);
  });

  it("syncs nothing for a record where it is only buffered", async () => {
    const { files, calls } = watched({});
    const log = await openLogOn(files, { folder: temporaryFolder(), signer, durability: "buffered" });
    const before = calls["sync"];
    await log.record(decision());
    expect(calls["sync"]).toBe(before);
    await log.close();
  });

  it("takes a record as it is when it comes, whatever happens to the object later", async () => {
    const folder = temporaryFolder();
    const log = await openAuditLog({ folder, signer });
    const record = { ...decision({ invocation: "as it was" }) };
    const recording = log.record(record);
    Object.assign(record, { invocation: "as it became" });
    await recording;
    await log.close();
    expect(await invocations(folder)).toEqual(["as it was"]);
  });

  it("stays in its folder, also where that was named by a relative path and the process goes elsewhere", async () => {
    const [home, cwd] = [temporaryFolder(), process.cwd()];
    process.chdir(home);
    onTestFinished(() => process.chdir(cwd));
    const log = await openAuditLog({ folder: "log", signer, rotate: { bytes: 1 }, checkpoint: { records: 1 } });
    process.chdir(cwd);
    for (let i = 0; i < 5; i++) await log.record(decision());
    await log.close();
    expect(await sound(join(home, "log"))).toMatchObject({ records: 5 });
  });

  it("refuses what is not JSON, what is too large, and what comes after the end", async () => {
    const folder = temporaryFolder();
    const log = await openAuditLog({ folder, signer });
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    await expect(log.record(decision(cyclic as object))).rejects.toThrow("circular");
    const huge = decision({ reason: "x".repeat(3 * 1024 * 1024) });
    await expect(log.record(huge)).rejects.toMatchObject({ code: "audit_unavailable" });
    await log.record(decision());
    await log.close();
    await log.close();
    await expect(log.record(decision())).rejects.toMatchObject({ code: "audit_unavailable" });
    expect(await sound(folder)).toMatchObject({ records: 1, streams: [{ state: "closed" }] });
  });

  it("refuses settings under which a segment or a checkpoint would never come", async () => {
    const wrong: Partial<AuditLogOptions>[] = [
      { rotate: { bytes: 0 } },
      { rotate: { ms: Number.NaN } },
      { checkpoint: { records: -1 } },
    ];
    for (const options of wrong) {
      await expect(openAuditLog({ folder: temporaryFolder(), signer, ...options })).rejects.toMatchObject({
        code: "config_invalid",
      });
    }
  });

  it("writes what waits before it closes", async () => {
    const folder = temporaryFolder();
    const log = await openAuditLog({ folder, signer });
    const recording = Array.from({ length: 200 }, () => log.record(decision()));
    await log.close();
    await Promise.all(recording);
    expect(await sound(folder)).toMatchObject({ records: 200, streams: [{ state: "closed", unsigned: 0 }] });
  });
});

describe("segments", () => {
  it("end by size, with a checkpoint, and the next names the hash of the last line", async () => {
    const folder = temporaryFolder();
    const log = await openAuditLog({ folder, signer, rotate: { bytes: 5000 }, checkpoint: { records: 1e6, ms: 1e6 } });
    for (let i = 0; i < 60; i++) await log.record(decision());
    await log.close();
    const files = filesOf(folder);
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) expect(linesOf(folder, file).at(-1)).toContain('"checkpoint":');
    expect(await sound(folder)).toMatchObject({ records: 60, streams: [{ segments: files.length }] });
  });

  it("begin again for the last checkpoint, where the log is closed right behind a full one", async () => {
    const folder = temporaryFolder();
    const log = await openAuditLog({ folder, signer, rotate: { bytes: 1 }, checkpoint: { records: 1 } });
    await log.record(decision());
    await expect.poll(() => log.head.seq).toBe(3); // header, checkpoint, record, checkpoint: full
    await delay(20);
    await log.close();
    expect(filesOf(folder)).toHaveLength(2);
    expect(await sound(folder)).toMatchObject({ records: 1, streams: [{ state: "closed", unsigned: 0 }] });
  });

  it("end at their age, not only at their size: a quiet log begins a new file, too", async () => {
    const folder = temporaryFolder();
    const log = await openAuditLog({ folder, signer, rotate: { ms: 1 } });
    for (let i = 0; i < 3; i++) {
      await log.record(decision());
      await delay(20);
      await log.record(decision());
    }
    await log.close();
    expect(filesOf(folder).length).toBeGreaterThan(1);
    expect(await sound(folder)).toMatchObject({ records: 6 });
  });

  it("end at their age, also where the clock of the machine was put back by ten years meanwhile", async () => {
    const now = Date.now();
    vi.useFakeTimers({ toFake: ["Date", "performance"], now });
    onTestFinished(() => void vi.useRealTimers());
    const folder = temporaryFolder();
    const log = await openAuditLog({ folder, signer, rotate: { ms: 1000 }, checkpoint: { records: 1 } });
    await log.record(decision());
    vi.advanceTimersByTime(1000);
    vi.setSystemTime(now - 10 * 365 * 86_400_000);
    for (let i = 0; i < 3; i++) await log.record(decision());
    await log.close();
    expect(filesOf(folder).length).toBeGreaterThan(1);
  });

  it("keep every record while many write over the edge of one", async () => {
    const folder = temporaryFolder();
    const log = await openAuditLog({ folder, signer, rotate: { bytes: 20_000 }, checkpoint: { records: 10 } });
    let next = 0;
    await Promise.all(
      Array.from({ length: 32 }, async () => {
        while (next < 2000) await log.record(decision({ invocation: `i${next++}` }));
      }),
    );
    await log.close();
    expect(filesOf(folder).length).toBeGreaterThan(10);
    expect(new Set(await invocations(folder)).size).toBe(2000);
    expect(await sound(folder)).toMatchObject({ records: 2000 });
  });
});

describe("checkpoints", () => {
  it.each([
    ["after so many records", { records: 10, ms: 60_000 }, 10],
    ["so long after a record that none covers", { records: 1000, ms: 20 }, 1],
  ])("come %s, and tell their heads once they are on disk", async (_, checkpoint, records) => {
    const folder = temporaryFolder();
    const heads: Head[] = [];
    const text = (): string =>
      filesOf(folder)
        .map((file) => readFileSync(join(folder, file), "utf8"))
        .join("");
    const log = await openAuditLog({
      folder,
      signer,
      checkpoint,
      onCheckpoint: (head) => {
        expect(
          text()
            .split("\n")
            .filter((line) => line.includes('"checkpoint":')),
        ).toHaveLength(heads.length + 1);
        heads.push(head);
      },
    });
    expect(heads).toHaveLength(1);
    for (let i = 0; i < records; i++) await log.record(decision());
    await expect.poll(() => heads.length).toBe(2);
    await log.close();
    expect(heads).toHaveLength(3);
    expect(await verifyAuditLog({ folder, keys: [signer.publicJwk], expectHead: heads })).toMatchObject({ ok: true });
  });

  it("do not end the log when the listener throws", async () => {
    const folder = temporaryFolder();
    let calls = 0;
    const log = await openAuditLog({
      folder,
      signer,
      checkpoint: { records: 1 },
      onCheckpoint: () => {
        if (++calls > 1) throw new Error("the listener's own");
      },
    });
    await log.record(decision());
    await log.close();
    expect(await sound(folder)).toMatchObject({ records: 1, streams: [{ state: "closed" }] });
  });

  it("must be possible at the start: a signer that does not sign opens no log", async () => {
    const folder = temporaryFolder();
    const broken: Signer = { ...signer, sign: () => Promise.reject(new Error("no key today")) };
    await expect(openAuditLog({ folder, signer: broken })).rejects.toMatchObject({ code: "audit_unavailable" });
    expect(filesOf(folder)).toEqual([]);
  });

  it("are made up for when the signer is well again; until then records are still taken", async () => {
    const folder = temporaryFolder();
    const flaky = fault("KMS");
    const sometimes: Signer = {
      ...signer,
      sign: async (data) => {
        flaky.happen();
        return signer.sign(data);
      },
    };
    const log = await openAuditLog({
      folder,
      signer: sometimes,
      checkpoint: { records: 5, ms: 10 },
      rotate: { bytes: 3000 },
    });
    flaky.begin();
    for (let i = 0; i < 40; i++) await log.record(decision());
    await delay(30);
    expect(filesOf(folder).length).toBeGreaterThan(1); // rotation goes on without
    expect((await sound(folder)).streams[0]?.unsigned).toBeGreaterThan(30);
    flaky.end();
    await expect.poll(async () => (await sound(folder)).streams[0]?.unsigned).toBe(0);
    flaky.begin();
    await log.record(decision());
    await expect(log.close()).rejects.toMatchObject({ code: "audit_unavailable" });
    expect(await sound(folder)).toMatchObject({ records: 41, streams: [{ state: "open" }] });
  });
});

describe("attempts of nobody known", () => {
  it("are counted and sampled in memory, and written only as counts within a checkpoint that comes anyway", async () => {
    const folder = temporaryFolder();
    const log = await openAuditLog({ folder, signer, checkpoint: { records: 1, ms: 5 } });
    const sizes = (): number => filesOf(folder).reduce((sum, file) => sum + readFileSync(join(folder, file)).length, 0);
    const before = sizes();
    for (let i = 0; i < 10_000; i++) {
      log.unverified({
        invocation: `secret-${i}`,
        time: "2026-01-01T00:00:00.000Z",
        audience: "a",
        tool: "t",
        code: i % 4 === 0 ? "proof_invalid" : "token_malformed",
        message: "m",
      });
    }
    await delay(30);
    expect(sizes()).toBe(before);
    expect(Object.fromEntries(log.unverifiedCounts)).toEqual({ proof_invalid: 2500, token_malformed: 7500 });
    expect(log.unverifiedSamples).toHaveLength(100);
    await log.close();
    const [file = ""] = filesOf(folder);
    const last = JSON.parse(linesOf(folder, file).at(-1) as string);
    expect(statementOf(last.checkpoint)?.unverified).toEqual({ proof_invalid: 2500, token_malformed: 7500 });
    expect(readFileSync(join(folder, file), "utf8")).not.toContain("secret-");
    expect(await sound(folder)).toMatchObject({ records: 0 });
  });
});

describe("a disk that fails", () => {
  for (const call of ["write", "sync"] as const) {
    it(`in a ${call}: refuses those records, leaves nothing of them, and takes later ones when it is well again`, async () => {
      const folder = temporaryFolder();
      const disk = fault("ENOSPC");
      const { files } = watched({ [call]: disk.happen });
      const log = await openLogOn(files, { folder, signer });
      await log.record(decision({ invocation: "before" }));
      expect(await log.health()).toEqual({ ok: true });
      disk.begin();
      expect(await log.health(), "nobody has written yet").toEqual({ ok: true });
      for (let i = 0; i < 3; i++) {
        const lost = await Promise.allSettled([1, 2].map(() => log.record(decision({ invocation: "lost" }))));
        for (const { status } of lost) expect(status).toBe("rejected");
      }
      const says = "the audit log could not be written: no space left on device (ENOSPC)";
      await expect(log.record(decision())).rejects.toMatchObject({ code: "audit_unavailable", message: says });
      expect(await log.health()).toEqual({ ok: false, problem: says });
      disk.end();
      expect(await log.health(), "who asks tries it again").toEqual({ ok: true });
      await log.record(decision({ invocation: "after" }));
      await log.close();
      expect(await log.health()).toEqual({ ok: false, problem: "the audit log is closed" });
      expect(await invocations(folder)).toEqual(["before", "after"]);
      expect(await sound(folder)).toMatchObject({ streams: [{ segments: 2, rejected: 7, state: "closed" }] });
    });
  }

  it("once, just when it closes: the last checkpoint begins a segment, and the stream is closed", async () => {
    const folder = temporaryFolder();
    const disk = fault("EFBIG");
    const { files } = watched({
      write: () => {
        try {
          disk.happen();
        } finally {
          disk.end();
        }
      },
    });
    const log = await openLogOn(files, { folder, signer });
    await log.record(decision());
    disk.begin();
    await log.close();
    expect(await sound(folder)).toMatchObject({ records: 1, streams: [{ segments: 2, state: "closed" }] });
  });

  it("also while it takes back what it wrote half of, or begins a segment: nothing is taken until that worked", async () => {
    for (const call of ["truncate", "create", "syncFolder"] as const) {
      const folder = temporaryFolder();
      const [disk, write] = [fault("EIO"), fault("EIO")];
      const { files } = watched({ write: write.happen, [call]: disk.happen });
      const log = await openLogOn(files, { folder, signer });
      write.begin();
      await expect(log.record(decision({ invocation: "lost" }))).rejects.toThrow();
      write.end();
      disk.begin();
      for (let i = 0; i < 2; i++) await expect(log.record(decision({ invocation: "lost" }))).rejects.toThrow();
      disk.end();
      await log.record(decision({ invocation: "after" }));
      await log.close();
      expect(await invocations(folder)).toEqual(["after"]);
      expect(await sound(folder)).toMatchObject({ records: 1, streams: [{ rejected: 3 }] });
    }
  });

  it("has given back what it wrote half of, for good, before the next segment begins", async () => {
    const write = fault("ENOSPC");
    const { files, order } = watched({ write: write.happen });
    const log = await openLogOn(files, { folder: temporaryFolder(), signer });
    write.begin();
    await expect(log.record(decision())).rejects.toThrow();
    write.end();
    order.length = 0;
    await log.record(decision());
    expect(order).toEqual(["truncate", "sync", "create", "write", "sync", "syncFolder", "write", "sync"]);
    await log.close();
  });

  it("that hangs: what waits is bounded, and the rest is refused at once", async () => {
    let release: (() => void) | undefined;
    let hang = false;
    const { files } = watched({ sync: () => (hang ? new Promise<void>((done) => (release = done)) : undefined) });
    const folder = temporaryFolder();
    const log = await openLogOn(files, { folder, signer });
    hang = true;
    const large = decision({ reason: "x".repeat(1_900_000) });
    const settled = Array.from({ length: 40 }, () =>
      Promise.resolve(log.record(large)).then(
        () => "written",
        ({ code }) => code,
      ),
    );
    await expect.poll(() => release).toBeDefined();
    hang = false;
    release?.();
    const results = await Promise.all(settled);
    expect(new Set(results)).toEqual(new Set(["written", "audit_unavailable"]));
    await log.close();
    expect(await sound(folder)).toMatchObject({ records: results.filter((it) => it === "written").length });
  });

  it("opens no log, and leaves no file, where it fails at the start", async () => {
    const disk = fault("EROFS");
    disk.begin();
    const folder = temporaryFolder();
    for (const call of ["create", "write", "sync", "syncFolder"] as const) {
      const { files } = watched({ [call]: disk.happen });
      await expect(openLogOn(files, { folder, signer })).rejects.toMatchObject({ code: "audit_unavailable" });
    }
    expect(filesOf(folder)).toEqual([]);
    const file = join(folder, "no-folder");
    writeFileSync(file, "");
    await expect(openAuditLog({ folder: file, signer })).rejects.toMatchObject({ code: "audit_unavailable" });
  });
});
