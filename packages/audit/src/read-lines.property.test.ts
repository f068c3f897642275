import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_LINE } from "./line.ts";
import { firstLine, lastLine, readLines } from "./read-lines.ts";
import { temporaryFolder } from "./testing.fixture.ts";

/** Lengths round a chunk's edge, where a line falls into two. */
const edges = fc.oneof(fc.nat(300), fc.integer({ min: 262_130, max: 262_160 }), fc.integer({ min: 0, max: 700_000 }));

describe("a file's lines", () => {
  it("come whole and in order, wherever the file is cut into chunks; what has no end comes last, as such", async () => {
    const path = join(temporaryFolder(), "lines");
    await fc.assert(
      fc.asyncProperty(fc.array(edges, { maxLength: 6 }), fc.nat(300_000), async (lengths, tail) => {
        const lines = lengths.map((length, i) => `${String.fromCharCode(97 + i).repeat(length)}\n`);
        const rest = "z".repeat(tail);
        writeFileSync(path, [...lines, rest].join(""));
        const read: string[] = [];
        for await (const some of readLines(path)) {
          for (const { bytes, number, complete } of some) {
            expect(complete).toBe(number <= lines.length);
            read[number - 1] = bytes.toString();
          }
        }
        expect(read).toEqual(tail === 0 ? lines : [...lines, rest]);
        expect((await firstLine(path))?.toString()).toBe(lines[0]);
        const last = await lastLine(path);
        expect([last.line?.toString(), last.tail.toString()]).toEqual([lines.at(-1), rest]);
      }),
      { numRuns: 60 },
    );
  });

  it("end at one that is longer than a log's lines can be: nobody's memory is filled with it", async () => {
    const path = join(temporaryFolder(), "lines");
    writeFileSync(path, Buffer.alloc(3 * MAX_LINE, "x"));
    const read = [];
    for await (const some of readLines(path)) read.push(...some);
    expect(read.map(({ complete }) => complete)).toEqual([false]);
    expect(read[0]?.bytes.length).toBeLessThan(1.1 * MAX_LINE);
    expect((await lastLine(path)).line).toBeUndefined();
    expect(readFileSync(path).length).toBe(3 * MAX_LINE);
  });
});
