import { expect, it } from "vitest";
import { listed, namesAnother } from "./listed.ts";

it("lists names so that none looks like another one, nor one like two", () => {
  expect(listed(["eve", "eve\u202e\u200b", 'a", "b'])).toBe('"eve", "eve\\u202e\\u200b", "a\\", \\"b"');
  expect(listed(["a", "b", "c", "d", "e", "e"])).toBe('"a", "b", "c", "d" and 1 more');
  expect(listed(["a", "b", "c", "d"])).toBe('"a", "b", "c", "d"');
});

it("cuts a name that is long: a refusal is one line", () => {
  expect(listed(["x".repeat(100)])).toBe(`"${"x".repeat(100)}"`);
  expect(listed(["x".repeat(101)])).toBe(`"${"x".repeat(100)}…"`);
});

it("says both sides of a name that does not fit, of whatever type it is", () => {
  expect(namesAnother("eve", ["ann", "bob"])).toBe('it names "eve", and must name "ann", "bob"');
  for (const none of [undefined, 5, ["ann"]])
    expect(namesAnother(none, ["ann"])).toBe('it names none, and must name "ann"');
});
