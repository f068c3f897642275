import { expect, it } from "vitest";
import { countOf } from "./count-of.ts";

it("one is said as one", () => {
  expect([0, 1, 2].map((many) => countOf(many, "call"))).toEqual(["0 calls", "1 call", "2 calls"]);
});
