import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { generateSigner } from "@hopwise/core";
import { describe, expect, it } from "vitest";
import { nodeFiles } from "./log-files.ts";
import { type AuditLog, openAuditLog, openLogOn } from "./open-audit-log.ts";
import { readAuditLog } from "./read-audit-log.ts";
import { decision } from "./records.fixture.ts";
import { filesOf, temporaryFolder } from "./testing.fixture.ts";
import { verifyAuditLog } from "./verify-audit-log.ts";

const signer = await generateSigner();

/** A log that has a record, and its file. */
async function running(
  durability: "required" | "buffered" = "required",
): Promise<{ folder: string; file: string; log: AuditLog }> {
  const folder = join(temporaryFolder(), "log");
  const log = await openAuditLog({ folder, signer, durability });
  await log.record(decision({ invocation: "before" }));
  return { folder, file: join(folder, filesOf(folder)[0] as string), log };
}

async function invocations(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { record } of readAuditLog(folder)) found.push(record.invocation);
  return found;
}

/** What verifies once it has its own name again is named. */
const renamed = {
  ok: false,
  broken: {
    reason: "deleted",
    message: expect.stringMatching(/is missing; ".*\.000001\.ndjson\.old" is there: .* give it its name again$/),
  },
};
const gone = { ok: false, broken: { reason: "deleted", file: expect.stringContaining(".000001.ndjson") } };

interface Loss {
  readonly how: string;
  readonly lose: (file: string) => void;
  readonly kept: readonly string[];
  readonly found: object;
}

/** What may happen to the file under a running log, what is left of the records, and what the verifier says of it then. */
const LOST: readonly Loss[] = [
  { how: "deleted", lose: (file) => rmSync(file), kept: ["after"], found: gone },
  { how: "moved", lose: (file) => renameSync(file, `${file}.old`), kept: ["after"], found: renamed },
  {
    how: "replaced",
    lose: (file) => {
      copyFileSync(file, `${file}.copy`);
      renameSync(`${file}.copy`, file);
    },
    kept: ["before", "after"],
    found: { ok: true, streams: [{ rejected: 1 }] },
  },
  // As `copytruncate` of logrotate does.
  { how: "emptied", lose: (file) => truncateSync(file), kept: ["after"], found: gone },
  {
    how: "cut short",
    lose: (file) => truncateSync(file, statSync(file).size - 1),
    kept: ["after"],
    found: { ok: false, broken: { reason: "truncated", file: expect.stringContaining(".000001.ndjson") } },
  },
];

const says =
  "the audit log could not be written: its file was deleted, moved, replaced or cut while it was written to; no other program may rotate the files of this log";

describe.each(["required", "buffered"] as const)("a log (%s) whose file was taken away under it", (durability) => {
  it.each(LOST)("takes no record into a file that was $how, and begins another", async ({ lose, kept, found }) => {
    const { folder, file, log } = await running(durability);
    lose(file);
    const left = existsSync(file) ? readFileSync(file, "utf8") : undefined;
    await expect(log.record(decision({ invocation: "lost" }))).rejects.toMatchObject({
      code: "audit_unavailable",
      message: says,
    });
    await log.record(decision({ invocation: "after" }));
    await log.close();
    expect(existsSync(file) ? readFileSync(file, "utf8") : undefined).toBe(left);
    expect(await invocations(folder)).toEqual(kept);
    expect(await verifyAuditLog({ folder, keys: [signer.publicJwk] })).toMatchObject(found);
  });
});

it.each([
  ["another stream noted", "truncated"],
  ["somebody kept the head of", "rolled_back"],
])("a log whose last file was renamed, which %s, is told where that file is", async (_, reason) => {
  const folder = temporaryFolder();
  const log = await openAuditLog({ folder, signer, rotate: { bytes: 1024 } });
  for (const invocation of ["one", "two", "three"]) await log.record(decision({ invocation }));
  await log.close();
  const options = { folder, keys: [signer.publicJwk] };
  const sound = await verifyAuditLog(options);
  const expectHead = sound.ok ? sound.streams.map(({ head }) => head) : [];
  const last = filesOf(folder).at(-1) as string;
  if (reason === "truncated") await (await openAuditLog({ folder, signer })).close();
  const given = reason === "rolled_back" ? { ...options, expectHead } : options;
  // As `dateext` and `extension .ndjson` of logrotate have it.
  const renamedTo = join(folder, last.replace(/\.ndjson$/, "-20261130.ndjson"));
  renameSync(join(folder, last), renamedTo);
  const words = expect.stringMatching(/the stream ends here; .*; ".*-20261130\.ndjson" is there: .* its name again$/);
  expect(await verifyAuditLog(given)).toMatchObject({ ok: false, broken: { reason, message: words } });
  renameSync(renamedTo, join(folder, last));
  expect(await verifyAuditLog(given)).toMatchObject({ ok: true });
});

it.each(["required", "buffered"] as const)(
  "a log (%s) looks whether its file was cut once its lines are written, since a cut file grows again by them",
  async (durability) => {
    const steps: string[] = [];
    const create: typeof nodeFiles.create = async (path) => {
      const file = await nodeFiles.create(path);
      const write: typeof file.write = async (bytes) => {
        await file.write(bytes);
        steps.push("written");
      };
      const isThere: typeof file.isThere = () => {
        steps.push("looked at");
        return file.isThere();
      };
      return { ...file, write, isThere };
    };
    const log = await openLogOn(
      { ...nodeFiles, create },
      { folder: join(temporaryFolder(), "log"), signer, durability },
    );
    steps.length = 0;
    await log.record(decision({ invocation: "one" }));
    expect(steps.slice(-2)).toEqual(["written", "looked at"]);
    await log.close();
  },
);

describe("a log whose folder was deleted", () => {
  it("takes no record and is not well until there is a folder again; then the verifier names what is gone", async () => {
    const { folder, log } = await running();
    rmSync(folder, { recursive: true });
    for (let i = 0; i < 3; i++) {
      await expect(log.record(decision())).rejects.toMatchObject({ code: "audit_unavailable" });
      expect(await log.health()).toMatchObject({ ok: false, problem: expect.stringContaining("ENOENT") });
    }
    mkdirSync(folder);
    expect(await log.health()).toEqual({ ok: true });
    await log.record(decision({ invocation: "after" }));
    await log.close();
    expect(await invocations(folder)).toEqual(["after"]);
    expect(await verifyAuditLog({ folder, keys: [signer.publicJwk] })).toMatchObject({
      ok: false,
      broken: { reason: "deleted" },
    });
  });

  it("says so by its health before anybody calls", async () => {
    const { file, log } = await running();
    rmSync(file);
    expect(await log.health()).toEqual({ ok: false, problem: says });
    await log.close();
  });
});
