import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HopwiseError } from "../errors.ts";
import { errorOf, NOW } from "../world.fixture.ts";
import type { StateDriver } from "./driver.ts";
import { memoryDriver } from "./memory.ts";
import type { SharedState, StateOptions } from "./state.ts";
import { openedState } from "./state.ts";

const FAULTS: { readonly [how: string]: () => Promise<never> } = {
  "never answers": () => new Promise(() => {}),
  rejects: () => Promise.reject(new Error("down")),
};

describe("a state whose log of revocations", () => {
  it.each(Object.entries(FAULTS))(
    "%s is given all the same, so that its program starts; it opens by itself",
    async (_, head) => {
      const driver = memoryDriver({ clock: Date.now });
      const state = await openedState(
        { ...driver, revocations: { ...driver.revocations, head } },
        { repairSeconds: 1 },
      );
      expect(state.revocations).toBeDefined();
      await state.close();
    },
  );
});

describe("a state of a driver", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const clock = (): number => NOW * 1000;
  /** How often heads were asked for. */
  let heads: number;

  const driverOf = (changed: Partial<StateDriver> = {}): StateDriver => {
    const driver = memoryDriver({ clock, since: 0 });
    heads = 0;
    const head = () => {
      heads++;
      return driver.revocations.head();
    };
    return { ...driver, name: "Redis at h", revocations: { ...driver.revocations, head }, ...changed };
  };
  const open = (driver: StateDriver, more: StateOptions = {}): Promise<SharedState> =>
    openedState(driver, { clock, repairSeconds: 0, ...more });

  it("has the driver's parts, and its revocations as they are for all that share it", async () => {
    const driver = driverOf();
    const [one, other] = [await open(driver), await open(driver)];
    expect([one.replay, one.spending, one.approvals]).toEqual([driver.replay, driver.spending, driver.approvals]);
    await one.revocations.revoke({ agent: "planner" });
    expect(await other.revocations.list()).toMatchObject([{ target: { agent: "planner" }, atSeconds: NOW }]);
    await Promise.all([one.close(), other.close()]);
  });

  it("is given once its log is open: two seconds after it was first used, where nothing else was said", async () => {
    for (const [more, seconds] of [
      [{}, 2],
      [{ repairSeconds: 5 }, 5],
    ] as const) {
      let opened = false;
      const opening = openedState(driverOf(), { clock, ...more }).then((state) => {
        opened = true;
        return state;
      });
      await vi.advanceTimersByTimeAsync(seconds * 1000 - 50);
      expect(opened).toBe(false);
      await vi.advanceTimersByTimeAsync(100);
      expect(opened).toBe(true);
      await (await opening).close();
    }
  });

  it.each<[string, StateOptions, number]>([
    ["three times a second, where each call does, too", {}, 300],
    ["every half second, where its copy may be older than that", { maxStalenessSeconds: 60 }, 500],
    ["three times as often as its copy may be old, where that is less", { maxStalenessSeconds: 0.1 }, 30],
  ])("compares heads %s, until it is closed, also where no call does", async (_, more, every) => {
    const state = await open(driverOf(), more);
    heads = 0;
    await vi.advanceTimersByTimeAsync(every - 1);
    expect(heads).toBe(0);
    await vi.advanceTimersByTimeAsync(1 + 3 * every);
    expect(heads).toBe(4);
    await state.close();
    await vi.advanceTimersByTimeAsync(10 * every);
    expect(heads).toBe(4);
  });

  it("ends its driver's connections with itself", async () => {
    const close = vi.fn();
    const state = await open(driverOf({ close }));
    expect(close).not.toHaveBeenCalled();
    await state.close();
    expect(close).toHaveBeenCalledTimes(1);
  });

  it("is as well as its driver is, and as its log of revocations", async () => {
    expect(await (await open(driverOf())).health()).toEqual({ ok: true });
    const full = { ok: false, problem: "it is full" } as const;
    expect(await (await open(driverOf({ health: async () => full }))).health()).toEqual(full);
    const driver = driverOf();
    const state = await open(driver);
    Object.assign(driver.revocations, { head: () => Promise.reject(new Error("hunter2")) });
    expect(await state.health()).toEqual({ ok: false, problem: "the store of revocations failed" });
  });

  it("says of a driver that fails when it is asked how it is which one that is, or what it says itself", async () => {
    const failing = async (error: Error) => (await open(driverOf({ health: () => Promise.reject(error) }))).health();
    expect(await failing(new Error("hunter2"))).toEqual({ ok: false, problem: "Redis at h failed" });
    const own = new HopwiseError("state_unavailable", "it has another clock");
    expect(await failing(own)).toEqual({ ok: false, problem: "it has another clock" });
  });

  it.each<[unknown, unknown, string]>([
    [{}, {}, "openedState: what it takes must be a driver of a store, such as memoryDriver(); got an object"],
    [undefined, {}, "a driver of a store, such as memoryDriver()"],
    [memoryDriver(), { repairSeconds: -1 }, "openedState: repairSeconds must be"],
    [memoryDriver(), { maxStalenessSeconds: 0 }, "openedState: maxStalenessSeconds must be"],
    [memoryDriver(), { clock: NOW }, "openedState: clock must be"],
    [memoryDriver(), { staleness: 1 }, "openedState: staleness is not an option"],
  ])("is not made of what is none: %#", async (driver, options, words) => {
    const error = await errorOf(openedState(driver as never, options as never));
    expect(error.code).toBe("config_invalid");
    expect(error.message).toContain(words);
  });
});
