import { expect, it } from "vitest";
import { createEntryCounts } from "./entry-counts.ts";
import type { RevocationEntry } from "./revocation-entry.ts";

const NOW = 1000;
const entry = (id: string, countsFor?: readonly string[], untilSeconds?: number): RevocationEntry =>
  ({ id, ...(countsFor && { countsFor }), ...(untilSeconds !== undefined && { untilSeconds }) }) as RevocationEntry;

it("counts the entries that live, each for all that it counts for, once", () => {
  const counts = createEntryCounts();
  counts.add(entry("endless", ["a", "b"]));
  counts.add(entry("ending", ["a"], NOW + 10));
  counts.add(entry("ending", ["a"], NOW + 10));
  counts.add(entry("for nothing"));
  const reached = (most: number, now = NOW) => [counts.reached("a", most, now), counts.reached("b", most, now)];
  expect([reached(1), reached(2), reached(3)]).toEqual([
    [true, true],
    [true, false],
    [false, false],
  ]);
  expect(counts.reached("c", 0, NOW)).toBe(false);
  expect(reached(2, NOW + 9)).toEqual([true, false]);
  expect(reached(2, NOW + 10)).toEqual([false, false]);
  expect(reached(1, NOW + 10)).toEqual([true, true]);
});

it("takes one out where it counted, and leaves the others", () => {
  const counts = createEntryCounts();
  const one = entry("one", ["a"]);
  counts.delete(one);
  counts.add(one);
  counts.add(entry("other", ["a"]));
  counts.delete(one);
  expect([counts.reached("a", 1, NOW), counts.reached("a", 2, NOW)]).toEqual([true, false]);
  counts.delete(entry("other", ["a"]));
  expect(counts.reached("a", 1, NOW)).toBe(false);
  counts.delete(entry("for nothing"));
});
