import { generateSigner } from "@hopwise/core";
import { expect, it } from "vitest";
import { noteStreams } from "./note-streams.ts";
import { openAuditLog } from "./open-audit-log.ts";
import { decision } from "./records.fixture.ts";
import { filesOf, temporaryFolder } from "./testing.fixture.ts";

it("notes where a process really ended, also where it began a further file and died while the folder was read", async () => {
  const folder = temporaryFolder();
  const log = await openAuditLog({ folder, signer: await generateSigner(), rotate: { bytes: 1 } });
  await log.record(decision());
  const before = filesOf(folder).length;
  const [note] = await noteStreams(folder, async () => {
    const oneMore = async (): Promise<number> => {
      await log.record(decision());
      return filesOf(folder).length;
    };
    await expect.poll(oneMore).toBeGreaterThan(before);
    await log.close();
    return true;
  });
  expect(note).toEqual({ ...log.head, ended: true });
});
