import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { generateSigner } from "@hopwise/core";
import { expect, it } from "vitest";

import { openAuditLog } from "./open-audit-log.ts";
import { readAuditLog } from "./read-audit-log.ts";
import { newWriter, segmentName } from "./segment.ts";
import { temporaryFolder } from "./testing.fixture.ts";
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
