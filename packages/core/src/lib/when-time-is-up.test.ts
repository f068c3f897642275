import { stat } from "node:fs/promises";
import { afterEach, expect, it, vi } from "vitest";
import { settleInTime, waitTogether, withDeadline } from "./deadline.ts";
import { whenTimeIsUp } from "./when-time-is-up.ts";

afterEach(() => void vi.useRealTimers());

/** Does nothing else, as a tool that computes, for much longer than a deadline of 20 ms. */
function holdTheLoop(): void {
  const until = performance.now() + 200;
  while (performance.now() < until);
}

it.each<[string, (answer: Promise<unknown>) => Promise<unknown>]>([
  ["a deadline", (answer) => withDeadline(20, (_, expired) => Promise.race([answer, expired]))],
  ["a source, a store or a sink", (answer) => settleInTime(20, answer)],
  ["all of a stage", (answer) => waitTogether(20)(answer)],
])("what came while the process itself was held up is not late: %s", async (_, wait) => {
  const waited = wait(stat("."));
  holdTheLoop();
  expect(await waited).toHaveProperty("size");
});

it("what is asked by an answer that came then has a moment, too", async () => {
  const waited = settleInTime(
    20,
    stat(".").then(() => stat("..")),
  );
  holdTheLoop();
  expect(await waited).toHaveProperty("size");
});

it("what does not come at all is late, held up or not, once", async () => {
  for (const hold of [holdTheLoop, () => {}]) {
    const late = vi.fn();
    whenTimeIsUp(20, late);
    hold();
    await vi.waitFor(() => expect(late).toHaveBeenCalled());
    await new Promise((done) => setTimeout(done, 150));
    expect(late).toHaveBeenCalledTimes(1);
  }
});

it("what does not come is late in that moment, where nothing held the process up", () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  vi.advanceTimersByTime(7000);
  const late = vi.fn();
  whenTimeIsUp(20, late);
  vi.advanceTimersByTime(19);
  expect(late).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(late).toHaveBeenCalledTimes(1);
});

it("nobody is told who has an answer, also in that last moment", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const late = vi.fn();
  const stop = whenTimeIsUp(20, late);
  holdTheLoop();
  vi.advanceTimersByTime(20);
  stop();
  vi.advanceTimersByTime(1000);
  expect(late).not.toHaveBeenCalled();
});
