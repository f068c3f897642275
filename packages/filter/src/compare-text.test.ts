import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyCharacter } from "../../../test/support/any-character.ts";
import { compareText } from "./compare-text.ts";

describe("compareText", () => {
  it("compares as the bytes of UTF-8 do", () => {
    const texts = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.string({ unit: fc.constantFrom("a", "\ud7ff", "\ue000", "\ufffd", "😀", "\u{10ffff}") }),
    );
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
    expect(compareText("😀", "\ufffd")).toBeGreaterThan(0);
    expect("😀" > "\ufffd").toBe(false);
  });
});
