import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyCharacter } from "./any-character.ts";

describe("a text of any characters", () => {
  it("may have each character, and no half of one", () => {
    const can = (text: string): boolean => anyCharacter.canShrinkWithoutContext(text);
    expect(["\0", "a", "\ud7ff", "\ue000", "\u{10000}", "\u{10ffff}"].filter((it) => !can(it))).toEqual([]);
    expect(["", "ab", "\ud800", "\udfff", "a\u{10ffff}", undefined as never].filter(can)).toEqual([]);
    const drawn = fc.sample(anyCharacter, { numRuns: 1000, seed: 1 });
    expect(drawn.filter((it) => !can(it))).toEqual([]);
  });

  it("is now and then a word that programs stumble over, as fast-check's own texts are", () => {
    const drawn = fc.sample(fc.string({ unit: anyCharacter, minLength: 5 }), { numRuns: 2000, seed: 1 });
    expect(drawn.some((text) => text.includes("__proto__"))).toBe(true);
  });
});
