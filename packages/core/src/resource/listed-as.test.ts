import { expect, it } from "vitest";
import { listedAs } from "./listed-as.ts";

it("policies are asked about an item of a list by its own action, by what a function says of it, or by a plan", () => {
  expect(listedAs({ list: "list" }, "pay")).toEqual({ action: "list" });
  expect(listedAs({ list: (tool) => ({ action: `list ${tool}`, id: "7" }) }, "pay")).toEqual({
    action: "list pay",
    id: "7",
  });
  expect(listedAs({}, "pay")).toBeUndefined();
});
