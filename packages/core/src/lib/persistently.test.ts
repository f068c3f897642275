import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { persistently } from "./persistently.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** Fails so many times. */
function failing(times: number) {
  const tried = { times: 0 };
  const run = async (): Promise<void> => {
    if (tried.times++ < times) throw new Error("hunter2");
  };
  return { tried, run };
}

it("is begun at once, and not again where it went well", async () => {
  const { tried, run } = failing(0);
  persistently(run);
  expect(tried.times).toBe(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(tried.times).toBe(1);
});

it("is tried again until it goes well", async () => {
  const { tried, run } = failing(2);
  persistently(run);
  await vi.advanceTimersByTimeAsync(499);
  expect(tried.times).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(tried.times).toBe(2);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(tried.times).toBe(3);
});

it("is given up after a while, also where it throws at once", async () => {
  let times = 0;
  persistently(() => {
    times++;
    throw new Error("hunter2");
  });
  await vi.advanceTimersByTimeAsync(600_000);
  expect(times).toBe(5);
});
