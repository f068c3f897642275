import { expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import { testClock } from "./test-clock.ts";

it("shows the real time until it is set, and again after it was reset", () => {
  const clock = testClock();
  const before = Date.now();
  expect(clock()).toBeGreaterThanOrEqual(before);
  clock.set(0);
  expect(clock()).toBe(0);
  clock.reset();
  expect(clock()).toBeGreaterThanOrEqual(before);
});

it("stands still where it was set, by a date, a text or milliseconds, and moves by seconds", () => {
  const clock = testClock();
  for (const time of [new Date("2026-03-01T09:00:00Z"), "2026-03-01T09:00:00Z", 1_772_355_600_000]) {
    clock.set(time);
    expect(clock()).toBe(1_772_355_600_000);
  }
  clock.advance(1.5);
  clock.advance(-1);
  expect(clock()).toBe(1_772_355_600_500);
});

it("refuses to show what is no time", async () => {
  const clock = testClock();
  for (const move of [
    () => clock.set("yesterday"),
    () => clock.set(Number.NaN),
    () => clock.advance(Infinity),
    () => clock.advance(1e20),
  ]) {
    expect((await errorOf(move)).code).toBe("config_invalid");
  }
});
