import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { errorOf, NOW } from "../world.fixture.ts";
import { createForgetting } from "./forgetting.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());
const wait = (seconds: number): unknown => vi.advanceTimersByTime(seconds * 1000);

const YEARS = 10 * 365 * 86_400;

/** One that knows the clock. */
function known() {
  const forgetting = createForgetting();
  wait(3600);
  expect(forgetting(NOW)).toBe(NOW);
  return forgetting;
}

it("nothing is forgotten in the first hour of a process: nobody can tell whether the clock that it found had jumped ahead", () => {
  const forgetting = createForgetting();
  expect(forgetting(NOW + YEARS)).toBe(Number.NEGATIVE_INFINITY);
  wait(3599.9);
  expect(forgetting(NOW)).toBe(Number.NEGATIVE_INFINITY);
  wait(0.1);
  expect(forgetting(NOW)).toBe(NOW);
});

it("a clock that goes on as the process does is believed, and one that is put back, whatever it shows", () => {
  const forgetting = known();
  wait(7200);
  expect(forgetting(NOW + 7205)).toBe(NOW + 7205);
  for (const back of [6, 3600, 86_400, YEARS]) expect(forgetting(NOW - back)).toBe(NOW - back);
});

it("a jump ahead is not believed for an hour, and forgotten where it was put right", () => {
  for (const ahead of [6, 3600, 86_400, YEARS]) {
    const forgetting = known();
    expect(forgetting(NOW + ahead)).toBe(NOW);
    wait(3599);
    expect(forgetting(NOW + 3599 + ahead)).toBe(NOW + 3599);
    wait(1);
    const end = NOW + 3600;
    expect(forgetting(end)).toBe(end);
    expect(forgetting(end + ahead)).toBe(end);
    wait(3600);
    expect(forgetting(end + 3600 + ahead)).toBe(end + 3600 + ahead);
    wait(1);
    expect(forgetting(end + 3601 + ahead)).toBe(end + 3601 + ahead);
  }
});

it("takes a time in seconds, and nothing else", async () => {
  for (const time of [Number.NaN, -1, NOW * 1000, "now"]) {
    const error = await errorOf(() => known()(time as number));
    expect([error.code, error.pointer]).toEqual(["config_invalid", "/nowSeconds"]);
  }
});
