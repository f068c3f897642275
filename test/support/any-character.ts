/**
 * The unit of texts of any characters: gives, of one seed, what fast-check's `unit: "binary"` gives. That one makes a table of
 * all 1.1 million characters first, a second of work and a hundred megabytes, in order to say of some words that they can be
 * made of them.
 */
import fc from "fast-check";

const SURROGATES = { from: 0xd800, count: 0x800 };
const LAST = 0x10ffff;

const characterAt = (index: number): string =>
  String.fromCodePoint(index < SURROGATES.from ? index : index + SURROGATES.count);

function indexOf(character: unknown): number {
  const point = typeof character === "string" ? (character.codePointAt(0) ?? 0) : 0;
  const index = point < SURROGATES.from ? point : point - SURROGATES.count;
  if (characterAt(index) !== character) throw new Error("this is not one character");
  return index;
}

export const anyCharacter: fc.Arbitrary<string> = fc.nat({ max: LAST - SURROGATES.count }).map(characterAt, indexOf);
