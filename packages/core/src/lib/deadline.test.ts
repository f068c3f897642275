import { afterEach, describe, expect, it, vi } from "vitest";
import { never } from "../world.fixture.ts";
import { andThen, DeadlinePassed, settleInTime, waitTogether, withDeadline } from "./deadline.ts";

afterEach(() => void vi.useRealTimers());

describe("a deadline", () => {
  it("gives what came in time, and what failed in time", async () => {
    await expect(withDeadline(1000, async () => "answer")).resolves.toBe("answer");
    await expect(withDeadline(1000, async () => Promise.reject(new Error("own fault")))).rejects.toThrow("own fault");
    await expect(
      withDeadline(1000, () => {
        throw new Error("at once");
      }),
    ).rejects.toThrow("at once");
  });

  it("ends what hangs, first in its own name and then by the signal", async () => {
    let seen: AbortSignal | undefined;
    const run = withDeadline(20, (signal, expired) => {
      seen = signal;
      return Promise.race([never, expired]);
    });
    await expect(run).rejects.toThrow("no answer within 20 ms");
    expect(seen?.aborted).toBe(true);
  });

  it("leaves no rejection unhandled where what runs does not wait for it", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    try {
      await withDeadline(5, () => new Promise((resolve) => setTimeout(resolve, 40)));
    } finally {
      process.off("unhandledRejection", unhandled);
    }
    expect(unhandled).not.toHaveBeenCalled();
  });

  it("is told apart from whatever a host threw", async () => {
    const passed = await withDeadline(1, (_, expired) => expired).catch((error: unknown) => error);
    expect(passed).toBeInstanceOf(DeadlinePassed);
    const trap = new Proxy(new Error("x"), { getPrototypeOf: () => expect.fail("it was looked at") });
    for (const thrown of [new Error("x"), trap, {}, "text", 5, null, undefined])
      expect(thrown instanceof DeadlinePassed).toBe(false);
  });

  it("aborts nothing that was done in time", async () => {
    const signal = await withDeadline(20, async (own) => own);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(signal.aborted).toBe(false);
  });
});

describe("waiting for what cannot be asked to end", () => {
  it("gives what is there already, and what comes in time", async () => {
    for (const answer of [undefined, null, 0, "", false, [], {}]) {
      expect(await settleInTime(1000, answer)).toBe(answer);
    }
    await expect(settleInTime(1000, Promise.resolve("answer"))).resolves.toBe("answer");
    await expect(settleInTime(1000, Promise.reject(new Error("own fault")))).rejects.toThrow("own fault");
  });

  it("needs no timer for what is there already", async () => {
    const timer = vi.spyOn(globalThis, "setTimeout");
    try {
      for (const answer of [undefined, null, 0, "", false, [], {}, () => {}]) await settleInTime(1000, answer);
      expect(timer).not.toHaveBeenCalled();
      await settleInTime(1000, Promise.resolve());
      expect(timer).toHaveBeenCalledOnce();
    } finally {
      timer.mockRestore();
    }
  });

  it("ends at once where its deadline is no number", async () => {
    await expect(settleInTime("60000" as never, never)).rejects.toBeInstanceOf(DeadlinePassed);
  });

  it("ends where nothing comes, also from a promise of another make", async () => {
    await expect(settleInTime(20, never)).rejects.toThrow("no answer within 20 ms");
    // biome-ignore lint/suspicious/noThenProperty: another library's promise
    await expect(settleInTime(20, { then: () => never })).rejects.toThrow("no answer within 20 ms");
    // biome-ignore lint/suspicious/noThenProperty: another library's promise
    const callable = Object.assign(() => {}, { then: () => never });
    await expect(settleInTime(20, callable)).rejects.toThrow("no answer within 20 ms");
  });
});

describe("answers that are waited for together", () => {
  it("have one deadline, which a later one gets the rest of, and each is late by itself", async () => {
    const wait = waitTogether(60);
    expect(await wait("at once")).toBe("at once");
    expect(await wait(Promise.resolve(1))).toBe(1);
    const late: string[] = [];
    const lateAs = (name: string) => wait(never).catch(({ message }: Error) => late.push(`${name}: ${message}`));
    await Promise.all([lateAs("first"), wait(Promise.resolve()), lateAs("second")]);
    await lateAs("third");
    const message = "no answer within 60 ms";
    expect(late).toEqual([`first: ${message}`, `second: ${message}`, `third: ${message}`]);
    expect(await wait(Promise.resolve("there already"))).toBe("there already");
    await expect(wait(Promise.reject(new Error("own")))).rejects.toThrow("own");
  });

  it("share what is left of it: one that is asked for later is late when the first would have been", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    vi.advanceTimersByTime(7000);
    const wait = waitTogether(60);
    const soon = new Promise<string>((resolve) => setTimeout(resolve, 40, "soon"));
    const first = wait(soon);
    await vi.advanceTimersByTimeAsync(40);
    expect(await first).toBe("soon");
    // Nothing is waited for, and no process waits for a timer of nobody's.
    expect(vi.getTimerCount()).toBe(0);
    const late = vi.fn();
    wait(never).catch(late);
    await vi.advanceTimersByTimeAsync(19);
    expect(late).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(late).toHaveBeenCalledTimes(1);
  });

  it("need no timer where they are there already", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const wait = waitTogether(60);
    for (const answer of [undefined, null, 0, "", {}, () => {}]) {
      const waited = wait(answer);
      expect(vi.getTimerCount()).toBe(0);
      expect(await waited).toBe(answer);
    }
  });
});

it("what is there already is gone on with at once, and any promise becomes one of this process", async () => {
  expect(andThen(1, (value) => value + 1)).toBe(2);
  // biome-ignore lint/suspicious/noThenProperty: another library's promise
  const foreign = { then: (go: (value: number) => void) => go(1) } as Promise<number>;
  const later = andThen(foreign, (value) => value + 1);
  expect(later).toBeInstanceOf(Promise);
  expect(await later).toBe(2);
});
