import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, readFileSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { generateSigner } from "@hopwise/core";
import { expect, it } from "vitest";
import { openAuditLog } from "./open-audit-log.ts";
import { readAuditLog } from "./read-audit-log.ts";
import { decision } from "./records.fixture.ts";
import { newWriter, segmentName } from "./segment.ts";
import { filesOf, temporaryFolder } from "./testing.fixture.ts";
import { verifyAuditLog } from "./verify-audit-log.ts";

const NONE: { readonly [what: string]: (path: string) => unknown } = {
  pipe: (path) => execFileSync("mkfifo", [path]),
  "link to a device": (path) => symlinkSync("/dev/zero", path),
  folder: (path) => mkdirSync(path),
};

it.each(Object.entries(NONE))("a %s with the name of a file is named, and not waited for", async (_, make) => {
  const [folder, signer] = [temporaryFolder(), await generateSigner()];
  const log = await openAuditLog({ folder, signer });
  await log.close();
  const path = join(folder, segmentName(newWriter(), 1));
  make(path);
  const named = { code: "audit_unavailable", message: expect.stringContaining(path) };
  await expect(verifyAuditLog({ folder, keys: [signer.publicJwk] })).rejects.toMatchObject(named);
  await expect(readAuditLog(folder).next()).rejects.toMatchObject(named);
  await expect(openAuditLog({ folder, signer })).rejects.toMatchObject({ code: "audit_unavailable" });
});

/** A log whose next file is due, where that will be, and a file of somebody else. */
async function fullLog() {
  const [folder, signer] = [temporaryFolder(), await generateSigner()];
  const other = join(temporaryFolder(), "other");
  writeFileSync(other, "of somebody else");
  const log = await openAuditLog({ folder, signer, rotate: { bytes: 1 }, checkpoint: { records: 1 } });
  await log.record(decision());
  await expect.poll(() => log.head.seq).toBe(3); // full
  const next = join(folder, (filesOf(folder)[0] as string).replace("000001", "000002"));
  const verify = () => verifyAuditLog({ folder, keys: [signer.publicJwk] });
  return { log, next, other, verify };
}

it.each<[string, (path: string, other: string) => unknown]>([
  ["link to another file", (path, other) => symlinkSync(other, path)],
  ["second name of another file", (path, other) => linkSync(other, path)],
  ["pipe", (path) => execFileSync("mkfifo", [path])],
])(
  "the next file is not written into a %s that somebody put in its place, and is written all the same",
  async (_, put) => {
    const { log, next, other, verify } = await fullLog();
    put(next, other);
    await delay(20);
    await log.record(decision());
    await log.close();
    expect(readFileSync(other, "utf8")).toBe("of somebody else");
    expect(await verify()).toMatchObject({ records: 2 });
  },
);

it("a folder in the place of the next file refuses records until it is gone", async () => {
  const { log, next, verify } = await fullLog();
  mkdirSync(next);
  await delay(20);
  await expect(log.record(decision())).rejects.toMatchObject({ code: "audit_unavailable" });
  rmdirSync(next);
  await log.record(decision());
  await log.close();
  expect(await verify()).toMatchObject({ records: 2 });
});
