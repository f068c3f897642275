import { expect, it, vi } from "vitest";
import { isListOf } from "./is-list-of.ts";

it("takes no list with a hole for one of texts, nor anything else that has places", () => {
  const isText = (item: unknown) => typeof item === "string";
  const holes = Object.assign(new Array(2), { 1: "analyst" });
  for (const list of [["analyst"], []]) expect(isListOf(list, isText)).toBe(true);
  for (const none of [holes, new Array(2), [5], "ab", { 0: "a", length: 1 }, new Set(["a"]), null, undefined]) {
    expect(isListOf(none, isText)).toBe(false);
  }
});

it("reads nothing of a list that is too long, and nothing of another one behind what does not fit: it may have millions", () => {
  const fits = vi.fn((item: unknown) => item === 0);
  expect(isListOf([0, 0, 0], fits, 2)).toBe(false);
  expect(fits).not.toHaveBeenCalled();
  expect(isListOf([0, 1, 0], fits, 3)).toBe(false);
  expect(fits).toHaveBeenCalledTimes(2);
});
