import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createCheckpoints } from "./checkpoints.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Checkpoints with a signer that does what `answer` says, and a log that takes everything. */
function checkpoints(answer: () => Promise<string>) {
  const written: string[] = [];
  return {
    written,
    made: createCheckpoints({
      sign: () => answer(),
      add: async (jws) => {
        written.push(jws);
      },
      records: 10,
      ms: 1000,
    }),
  };
}

describe("a signer that fails", () => {
  it("stops the log after a minute without a signature, and lets it go on with the next one", async () => {
    let answer = (): Promise<string> => Promise.reject(new Error("no key today"));
    const { made, written } = checkpoints(() => answer());
    made.appended(1);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(made.failing).toBe(true);
    expect(made.overdue()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(made.overdue()).toMatchObject({ message: "no key today" });
    answer = () => Promise.resolve("signed");
    await vi.advanceTimersByTimeAsync(1_000);
    expect([made.overdue(), made.failing, written]).toEqual([undefined, false, ["signed"]]);
  });

  it("stops it by the time that passed, whatever the clock of the day does", async () => {
    const { made } = checkpoints(() => Promise.reject(new Error("no key today")));
    made.appended(1);
    vi.setSystemTime(Date.now() - 3_600_000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(made.overdue()).toBeDefined();
    const ahead = checkpoints(() => Promise.reject(new Error("no key today"))).made;
    ahead.appended(1);
    await vi.advanceTimersByTimeAsync(1000);
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(ahead.overdue()).toBeUndefined();
  });

  it("stops the log after a hundred thousand records without a signature", async () => {
    const { made } = checkpoints(() => Promise.reject(new Error("no key today")));
    made.appended(99_999);
    await vi.advanceTimersByTimeAsync(1);
    expect(made.overdue()).toBeUndefined();
    made.appended(1);
    expect(made.overdue()).toBeDefined();
  });
});

describe("a log where nothing happens", () => {
  it("is not signed again and again", async () => {
    const sign = vi.fn(() => Promise.resolve("signed"));
    const { made } = checkpoints(sign);
    made.appended(3);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(sign).toHaveBeenCalledTimes(1);
    await made.close();
    expect(sign).toHaveBeenCalledTimes(2);
  });
});
