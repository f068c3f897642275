import { expect, it } from "vitest";
import { isListOf } from "./is-list-of.ts";

it("takes no list with a hole for one of texts, nor anything else that has places", () => {
  const isText = (item: unknown) => typeof item === "string";
  const holes = Object.assign(new Array(2), { 1: "analyst" });
  for (const list of [["analyst"], []]) expect(isListOf(list, isText)).toBe(true);
  for (const none of [holes, new Array(2), [5], "ab", { 0: "a", length: 1 }, new Set(["a"]), null, undefined]) {
    expect(isListOf(none, isText)).toBe(false);
  }
});
