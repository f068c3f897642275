import { describe, expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import { inSeconds } from "./clock.ts";

describe("a clock", () => {
  it("is read in whole seconds that have passed", () => {
    expect(inSeconds(() => 1999)()).toBe(1);
    expect(inSeconds(() => 2000)()).toBe(2);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, "2000" as never, undefined as never])(
    "that says %s gave no time: every comparison with it would be false, also those that refuse",
    async (said) => {
      const error = await errorOf(() => inSeconds(() => said)());
      expect(error).toMatchObject({
        code: "state_unavailable",
        message: "the clock gave no time in milliseconds since the epoch",
      });
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
