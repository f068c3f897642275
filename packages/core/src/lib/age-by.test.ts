import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ageBy } from "./age-by.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  // The process is not new.
  vi.advanceTimersByTime(7000);
});
afterEach(() => void vi.useRealTimers());

const YEARS = 10 * 365 * 86_400_000;

it("an age is what either clock shows more: one may be put back, the other stands still while the machine sleeps", () => {
  let now = 1_800_000_000_000;
  const age = ageBy(() => now);
  expect(age()).toBe(0);
  vi.advanceTimersByTime(5000);
  expect(age()).toBe(5000);
  for (const back of [6000, 3_600_000, 86_400_000, YEARS]) {
    now -= back;
    expect(age()).toBe(5000);
    now += back;
  }
  now += YEARS;
  expect(age()).toBe(YEARS);
});

it("nothing is young by a clock without a time, be it at the beginning or later", () => {
  let now = Number.NaN;
  const never = ageBy(() => now);
  now = 1000;
  const lost = ageBy(() => now);
  now = Number.NaN;
  for (const age of [never, lost]) expect([age() <= 1e15, age() < 1e15]).toEqual([false, false]);
});
