/** Any byte and any line of a log: whatever is done to it, the verifier names where. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Broken } from "./broken.ts";
import { type Head, hashLine } from "./line.ts";
import { brokenOf, twoStreams } from "./signed-logs.fixture.ts";
import { filesOf, linesOf } from "./testing.fixture.ts";

/** Does something to the log, looks at it, and puts it back. */
async function after(
  folder: string,
  file: string,
  edit: (bytes: Buffer) => Uint8Array,
  heads: readonly Head[],
): Promise<Broken | undefined> {
  const path = join(folder, file);
  const bytes = readFileSync(path);
  writeFileSync(path, edit(bytes));
  try {
    return await brokenOf(folder, heads);
  } finally {
    writeFileSync(path, bytes);
  }
}

/** The line, counted from 1, in which a byte stands. */
const lineAt = (bytes: Buffer, offset: number): number =>
  bytes.subarray(0, offset).toString("latin1").split("\n").length;

/** Edits one byte of one file, and says where that was. */
async function afterByte(
  { folder, heads }: { readonly folder: string; readonly heads: readonly Head[] },
  [whichFile, whichByte]: readonly [number, number],
  edit: (bytes: Buffer, offset: number) => Uint8Array,
): Promise<{ readonly broken: Broken | undefined; readonly file: string; readonly line: number }> {
  const files = filesOf(folder);
  const file = files[whichFile % files.length] as string;
  let line = 0;
  const broken = await after(
    folder,
    file,
    (bytes) => {
      const offset = whichByte % bytes.length;
      line = lineAt(bytes, offset);
      return edit(bytes, offset);
    },
    heads,
  );
  return { broken, file, line };
}

const RUNS = { numRuns: process.env["HOPWISE_RUNS"] === "full" ? 5000 : 150 };

describe("a log that somebody touched", () => {
  it("names the line of any byte that was changed", async () => {
    const log = await twoStreams();
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), async (f, at, flip) => {
        const { broken, file, line } = await afterByte(log, [f, at], (bytes, offset) => {
          const changed = Buffer.from(bytes);
          changed[offset] = (changed[offset] as number) ^ flip;
          return changed;
        });
        expect(broken).toMatchObject({ file, line });
      }),
      RUNS,
    );
  });

  it("names the line of any byte that was taken out or put in", async () => {
    const log = await twoStreams();
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.option(fc.nat(255)), async (f, at, added) => {
        const { broken, file, line } = await afterByte(log, [f, at], (bytes, offset) => {
          const [head, tail] = [bytes.subarray(0, offset), bytes.subarray(offset + (added === null ? 1 : 0))];
          return Buffer.concat([head, Buffer.from(added === null ? [] : [added]), tail]);
        });
        expect(broken?.file).toBe(file);
        expect(broken?.line).toBe(line);
      }),
      RUNS,
    );
  });

  it("names any line that was deleted, doubled, or changed places with another", async () => {
    const { folder, heads } = await twoStreams();
    for (const file of filesOf(folder)) {
      const lines = linesOf(folder, file);
      const isLastOfStream = heads.some(({ hash }) => hash === hashLine(lines.at(-1) as string));
      for (const i of lines.keys()) {
        const atEnd = i === lines.length - 1;
        const edit = (of: readonly string[]) => after(folder, file, () => Buffer.from(of.join("")), heads);
        const without = await edit(lines.toSpliced(i, 1));
        if (atEnd && isLastOfStream) expect(without).toMatchObject({ file, reason: "rolled_back" });
        // The gap shows at the line behind it, which may be the next segment's first.
        else if (atEnd) expect(without).toMatchObject({ line: 1, reason: "deleted" });
        else expect(without).toMatchObject({ file, line: i + 1, reason: "deleted" });
        const doubled = await edit(lines.toSpliced(i, 0, lines[i] as string));
        expect(doubled).toMatchObject({ file, line: i + 2, reason: "inserted" });
        if (atEnd) continue;
        const swapped = await edit(lines.toSpliced(i, 2, lines[i + 1] as string, lines[i] as string));
        expect(swapped).toMatchObject({ file, line: i + 1, reason: "reordered" });
      }
    }
  });

  it("names a file that was cut anywhere", async () => {
    const { folder, heads } = await twoStreams();
    const files = filesOf(folder);
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), async (f, at) => {
        const file = files[f % files.length] as string;
        const broken = await after(folder, file, (bytes) => bytes.subarray(0, at % bytes.length), heads);
        expect(broken).toMatchObject({ reason: expect.stringMatching(/truncated|deleted|torn|rolled_back/) });
      }),
      { numRuns: 60 },
    );
  });
});
