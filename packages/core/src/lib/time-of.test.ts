import { describe, expect, it } from "vitest";
import { isoOf, timeOf } from "./time-of.ts";

describe("the time of a record", () => {
  it("is what the clock says", () => {
    expect(timeOf(() => 1_760_000_000_000)).toBe(1_760_000_000_000);
    expect(timeOf(() => 0)).toBe(0);
  });

  const breaks = (): never => {
    throw new Error("no clock");
  };
  it.each<[string, () => unknown]>([
    ["NaN", () => Number.NaN],
    ["infinite", () => Number.POSITIVE_INFINITY],
    ["beyond what a date can say", () => 1e300],
    ["a text", () => "2000"],
    ["nothing", () => undefined],
    ["an exception", breaks],
  ])("is that of the process where the clock's is %s", (_, clock) => {
    const before = Date.now();
    const said = timeOf(clock as () => number);
    expect(said).toBeGreaterThanOrEqual(before);
    expect(said).toBeLessThanOrEqual(Date.now());
  });
});

it("a time is read by people in UTC, and what is none is no exception", () => {
  expect(isoOf(1_800_000_000)).toBe("2027-01-15T08:00:00.000Z");
  for (const none of [Number.NaN, 1e300]) expect(isoOf(none)).toBe("?");
});
