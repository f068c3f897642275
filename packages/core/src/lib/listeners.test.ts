import { expect, it, vi } from "vitest";
import { createListeners } from "./listeners.ts";

it("each subscription hears once, until it ends, whatever the others do", () => {
  const { add, tell } = createListeners();
  const heard = vi.fn();
  add(() => {
    throw new Error("hunter2");
  });
  const [first, second] = [add(heard), add(heard)];
  // One that joins while others are told hears of the next change.
  add(() => void add(heard));
  tell();
  expect(heard).toHaveBeenCalledTimes(2);
  first();
  first();
  tell();
  expect(heard).toHaveBeenCalledTimes(4);
  second();
  tell();
  expect(heard).toHaveBeenCalledTimes(6);
});
