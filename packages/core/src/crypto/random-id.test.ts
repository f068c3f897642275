import { afterEach, describe, expect, it, vi } from "vitest";
import { randomId } from "./index.ts";

afterEach(() => vi.restoreAllMocks());

describe("a random name", () => {
  it("has 16 bytes and comes once, however many are drawn together", () => {
    const names = Array.from({ length: 1000 }, randomId);
    expect(new Set(names).size).toBe(1000);
    for (const name of names) expect(name).toMatch(/^[\w-]{22}$/);
  });

  it("is none where the system has no random bytes, and none of before comes again", () => {
    const before = Array.from({ length: 64 }, randomId);
    const drawing = vi.spyOn(crypto, "getRandomValues").mockImplementation(() => {
      throw new Error("no entropy");
    });
    const meanwhile: string[] = [];
    expect(() => {
      for (let i = 0; i < 65; i++) meanwhile.push(randomId());
    }).toThrow("no entropy");
    expect(() => randomId()).toThrow("no entropy");
    drawing.mockRestore();
    const all = [...before, ...meanwhile, ...Array.from({ length: 64 }, randomId)];
    expect(new Set(all).size).toBe(all.length);
  });
});
