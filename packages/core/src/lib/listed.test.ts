import { expect, it } from "vitest";
import { listed } from "./listed.ts";

it("lists names so that none looks like another one, nor one like two", () => {
  expect(listed(["eve", "eve\u202e\u200b", 'a", "b'])).toBe('"eve", "eve\\u202e\\u200b", "a\\", \\"b"');
  expect(listed(["a", "b", "c", "d", "e", "e"])).toBe('"a", "b", "c", "d" and 1 more');
});
