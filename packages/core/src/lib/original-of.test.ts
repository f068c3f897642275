import { expect, it } from "vitest";
import { copyOf, originalOf } from "./original-of.ts";

it("what a copy is of is known, also of a copy of one, and everything else is its own", () => {
  const original = { name: "alice" };
  const copy = copyOf(original, { ...original });
  expect(originalOf(copyOf(copy, { ...copy }))).toBe(original);
  const other = { ...original };
  expect(originalOf(other)).toBe(other);
});
