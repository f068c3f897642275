import { expect, it } from "vitest";
import { isCount } from "./is-count.ts";

it("a count is a whole number that can be counted exactly, and nothing that only reads like one", () => {
  for (const count of [0, 1, Number.MAX_SAFE_INTEGER]) expect(isCount(count)).toBe(true);
  for (const none of [
    -1,
    0.5,
    Number.MAX_SAFE_INTEGER + 1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    "1",
    1n,
    null,
    undefined,
  ])
    expect(isCount(none), String(none)).toBe(false);
});
