import { rmSync } from "node:fs";
import { join } from "node:path";
import { generateSigner } from "@hopwise/core";
import { expect, it } from "vitest";
import { noteStreams } from "./note-streams.ts";
import { openAuditLog } from "./open-audit-log.ts";
import { decision } from "./records.fixture.ts";
import { segmentName } from "./segment.ts";
import { brokenOf, signer } from "./signed-logs.fixture.ts";
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

it("notes once where a stream stands that nobody closed; and each that is taken away is missed, with whoever noted it or without", async () => {
  for (const gone of [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]]) {
    const folder = temporaryFolder();
    const writers: string[] = [];
    for (let i = 0; i < 4; i++) {
      expect(await noteStreams(folder)).toHaveLength(Math.min(i, 1));
      writers.push((await openAuditLog({ folder, signer })).head.writer);
    }
    expect(await brokenOf(folder)).toBeUndefined();
    for (const i of gone) rmSync(join(folder, segmentName(writers[i] as string, 1)));
    expect(await brokenOf(folder)).toMatchObject({ reason: "deleted" });
  }
});
