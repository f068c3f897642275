import { expect, it } from "vitest";
import { unwaited } from "./unwaited.ts";

it("no process waits for a timer of this kind, and elsewhere than in Node it is one all the same", () => {
  const timer = unwaited(setTimeout(() => {}, 60_000));
  expect(timer.hasRef()).toBe(false);
  clearTimeout(timer);
  expect(unwaited(7)).toBe(7);
});
