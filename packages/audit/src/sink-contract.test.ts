import { generateSigner } from "@hopwise/core";
import { type AuditSinkUnderTest, auditSinkContract } from "@hopwise/core/testing";
import { describe, it } from "vitest";
import { openAuditLog } from "./open-audit-log.ts";
import { readAuditLog } from "./read-audit-log.ts";
import { temporaryFolder } from "./testing.fixture.ts";

async function open(): Promise<AuditSinkUnderTest> {
  const folder = temporaryFolder();
  const log = await openAuditLog({ folder, signer: await generateSigner() });
  return {
    sink: log,
    kept: async () => (await Array.fromAsync(readAuditLog(folder))).map(({ record }) => record),
    break: () => log.close(),
  };
}

describe("the durable audit log", () => {
  it.each(auditSinkContract.map(({ title, run }) => [title, run] as const))("keeps its promise: %s", (_, run) =>
    run(open),
  );
});
