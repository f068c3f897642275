import { join } from "node:path";
import { expect, it } from "vitest";
import { lineage } from "./lineage.ts";
import { readAuditLog } from "./read-audit-log.ts";
import { shadowReport } from "./shadow-report.ts";
import { signer, write } from "./signed-logs.fixture.ts";
import { filesOf, temporaryFolder } from "./testing.fixture.ts";
import { unknownNames } from "./unknown-names.ts";
import { verifyAuditLog } from "./verify-audit-log.ts";

const READERS: { readonly [name: string]: (folders: readonly string[]) => Promise<unknown> } = {
  verifyAuditLog: (folder) => verifyAuditLog({ folder, keys: [signer.publicJwk] }),
  readAuditLog: (folder) => readAuditLog(folder).next(),
  lineage: (folder) => lineage(folder, "abcdefghijklmnopqrstuv"),
  shadowReport: (folder) => shadowReport(folder),
  unknownNames: (folder) => unknownNames(folder, { tool: "pay" }),
};

it.each(Object.entries(READERS))(
  "%s refuses a folder that holds no log: it is not one in which nothing happened",
  async (_, read) => {
    const [empty, log] = [temporaryFolder(), temporaryFolder()];
    await write(log, 1);
    const refused = {
      code: "config_invalid",
      message: expect.stringContaining(`${empty} holds no file of an audit log`),
    };
    await expect(read([empty])).rejects.toMatchObject(refused);
    await expect(read([log, empty])).rejects.toMatchObject(refused);
    const missing = { code: "config_invalid", message: expect.stringContaining("there is no such folder") };
    await expect(read([join(log, "none")])).rejects.toMatchObject(missing);
    expect(filesOf(log)).toHaveLength(1);
  },
);

it("a head that is expected names the stream that was taken away with all others", async () => {
  const expectHead = { writer: "20261125T015609123Z-0123456789abcdef", seq: 3, hash: "0".repeat(64) };
  const found = await verifyAuditLog({ folder: temporaryFolder(), keys: [signer.publicJwk], expectHead });
  expect(found).toMatchObject({ ok: false, broken: { reason: "rolled_back" } });
});
