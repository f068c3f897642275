import { describe, expect, it } from "vitest";
import { type CountedFile, inAll } from "./counts.ts";
import { lostTitles, printCounts } from "./table.ts";

const file = (name: string, passed: readonly string[], own: Partial<CountedFile> = {}): CountedFile => ({
  file: name,
  passed,
  failed: [],
  skipped: [],
  expects: 2,
  propertyRuns: 100,
  ran: {},
  ...own,
});

describe("the count of tests", () => {
  it("adds up what is in one folder, and names folders as readers know them", () => {
    const files = [
      file("test/fuzz/chains.test.ts", ["a"], { ran: { "fuzz inputs": 1500 } }),
      file("test/fuzz/proofs.test.ts", ["b", "c"], { ran: { "fuzz inputs": 300 }, failed: ["d"] }),
      file("packages/core/src/token/jws.test.ts", ["e"]),
    ];
    expect(printCounts(files)).toMatchInlineSnapshot(`
      "area        files  passed  failed  skipped  expects  property runs  other runs
      core/token      1       1       0        0        2            100           0
      test/fuzz       2       3       1        0        4            200       1,800
      in all          3       4       1        0        6            300       1,800

      other runs inside of tests
      test/fuzz: fuzz inputs  1,800"
    `);
    expect(inAll(files)).toMatchObject({ files: 3, passed: 4, failed: 1, expects: 6, propertyRuns: 300 });
  });

  it("finds a test that moved to another file, and misses one that is gone, fails, or is there once instead of twice", () => {
    const before = [file("a.test.ts", ["moves", "goes", "fails", "twice", "twice"])];
    const now = [file("b/c.test.ts", ["twice", "moves", "comes"], { failed: ["fails"] })];
    expect(lostTitles(before, now)).toEqual(["a.test.ts: goes", "a.test.ts: fails", "a.test.ts: twice"]);
  });
});
