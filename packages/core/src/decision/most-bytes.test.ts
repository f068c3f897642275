import { describe, expect, it } from "vitest";
import { mostBytes } from "./most-bytes.ts";

describe("the most bytes of a value", () => {
  it("are at least three for each unit of a text, and sixteen for each value and name", () => {
    expect(mostBytes("ü".repeat(10))).toBe(46);
    expect(mostBytes(1)).toBe(16);
    expect(mostBytes(null)).toBe(16);
    expect(mostBytes([1, 2, 3])).toBe(64);
    expect(mostBytes({ ab: [true] })).toBe(16 + 6 + 16 + 32);
  });
});
