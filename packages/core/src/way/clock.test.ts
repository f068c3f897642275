import { describe, expect, it } from "vitest";
import { errorOf } from "../testing.fixture.ts";
import { inSeconds, isoTime } from "./clock.ts";

describe("a clock", () => {
  it("is read in whole seconds that have passed", () => {
    expect(inSeconds(() => 1999)()).toBe(1);
    expect(inSeconds(() => 2000)()).toBe(2);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, "2000" as never, undefined as never])(
    "that says %s gave no time: every comparison with it would be false, also those that refuse",
    async (said) => {
      const error = await errorOf(() => inSeconds(() => said)());
      expect(error).toMatchObject({ code: "state_unavailable", message: "the clock gave no time" });
    },
  );

  it("is asked each time", () => {
    let now = 0;
    const seconds = inSeconds(() => now);
    expect(seconds()).toBe(0);
    now = 5000;
    expect(seconds()).toBe(5);
  });
});

describe("a time in a decision", () => {
  it("is in UTC", () => {
    expect(isoTime(1_760_000_000_000)).toBe("2025-10-09T08:53:20.000Z");
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e300])(
    "is there also where the clock said %d: a denial has one",
    (said) => {
      expect(isoTime(said)).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    },
  );
});
