import { expect, it } from "vitest";
import { deepFrozen } from "./deep-frozen.ts";

it("nobody changes what is frozen, however deep, and it stays the value that it was", () => {
  const value = { name: "a", list: [{ at: 1 }], none: null, gone: undefined };
  const frozen = deepFrozen(value);
  expect(frozen).toBe(value);
  for (const part of [frozen, frozen.list, frozen.list[0]]) expect(Object.isFrozen(part)).toBe(true);
  expect(deepFrozen(null)).toBeNull();
  expect(deepFrozen("text")).toBe("text");
});
