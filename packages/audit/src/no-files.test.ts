import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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

it.each<[string, (path: string, other: string) => unknown]>([
  ["link to another file", (path, other) => symlinkSync(other, path)],
  ["pipe", (path) => execFileSync("mkfifo", [path])],
])("the next file is not written into a %s that somebody put in their place", async (_, put) => {
  const [folder, signer] = [temporaryFolder(), await generateSigner()];
  const other = join(temporaryFolder(), "other");
  writeFileSync(other, "of somebody else");
  const log = await openAuditLog({ folder, signer, rotate: { bytes: 1 }, checkpoint: { records: 1 } });
  await log.record(decision());
  await expect.poll(() => log.head.seq).toBe(3); // full
  const next = join(folder, (filesOf(folder)[0] as string).replace("000001", "000002"));
  put(next, other);
  await delay(20);
  await expect(log.record(decision())).rejects.toMatchObject({ code: "audit_unavailable" });
  expect(readFileSync(other, "utf8")).toBe("of somebody else");
  rmSync(next);
  await log.record(decision());
  await log.close();
  expect(await verifyAuditLog({ folder, keys: [signer.publicJwk] })).toMatchObject({ records: 2 });
});
