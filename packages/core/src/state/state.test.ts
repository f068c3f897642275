import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HopwiseError } from "../errors.ts";
import { errorOf, NOW } from "../world.fixture.ts";
import type { StateDriver } from "./driver.ts";
import { memoryDriver } from "./memory.ts";
import type { RevocationLog } from "./revocation-log.ts";
import { openedState, type SharedState, type StateOptions } from "./state.ts";

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
    ["every half second, where each call does, too", {}, 500],
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
    expect(await failing(new Error("hunter2"))).toEqual({
      ok: false,
      problem: "Redis at h could not say how it is: it failed",
    });
    const own = new HopwiseError("state_unavailable", "it has another clock");
    expect(await failing(own)).toEqual({
      ok: false,
      problem: "Redis at h could not say how it is: it has another clock",
    });
  });

  it.each<[unknown, unknown, string]>([
    [{}, {}, "openedState: name is missing"],
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

/** A state whose driver does otherwise than its type says. */
async function stateWith(parts: object, log: object = {}): Promise<SharedState> {
  const driver = memoryDriver({ clock: Date.now });
  const revocations = { ...driver.revocations, ...log } as RevocationLog;
  return openedState({ ...driver, revocations, ...parts } as StateDriver, { repairSeconds: 0 });
}

describe("a state whose driver never answers", () => {
  beforeEach(() => void vi.useFakeTimers({ shouldAdvanceTime: true }));
  afterEach(() => void vi.useRealTimers());
  const never = (): Promise<never> => new Promise(() => {});
  const later = async <T>(answer: Promise<T>): Promise<T> => {
    const settled = answer.catch((error: unknown) => error as T);
    await vi.advanceTimersByTimeAsync(11_000);
    return settled;
  };

  it("says so when it is asked how it is, and when it is closed", async () => {
    const state = await stateWith({ health: never, close: never });
    const silent = { ok: false, problem: expect.stringContaining("no answer within") };
    expect(await later(Promise.resolve(state.health()))).toEqual(silent);
    expect(await later(Promise.resolve(state.close()))).toMatchObject({ code: "state_unavailable" });
  });

  it.each<[string, (state: SharedState) => unknown]>([
    ["revokes", ({ revocations }) => revocations.revoke({ agent: "planner" })],
    ["lifts", ({ revocations }) => revocations.lift({ agent: "planner" })],
    ["lists", ({ revocations }) => revocations.list()],
  ])("says so to whom %s", async (_, ask) => {
    const opening = stateWith({}, { head: never, read: never, append: never });
    const state = await later(opening);
    expect(await later((async () => ask(state))())).toMatchObject({ code: "state_unavailable" });
  });
});

it.each<[string, unknown]>([
  ["a text", "ok"],
  ["no true", { ok: "true" }],
  ["nothing", undefined],
])("a state whose driver says %s of itself is not well", async (_, said) => {
  const state = await stateWith({ health: () => said });
  expect(await state.health()).toEqual({ ok: false, problem: expect.stringContaining("not well") });
});

it("a state whose driver fails to end says that it did not, and nothing of what the driver said", async () => {
  const state = await stateWith({ close: () => Promise.reject(new Error("redis://:hunter2@cache")) });
  expect(await errorOf(() => state.close())).toMatchObject({
    code: "state_unavailable",
    message: expect.not.stringContaining("hunter2"),
  });
});

it.each<keyof StateDriver>(["name", "replay", "spending", "approvals", "revocations", "health", "close"])(
  "a driver without its %s is none",
  async (part) => {
    for (const wrong of [undefined, null, {}, 5]) {
      const driver = { ...memoryDriver(), [part]: wrong } as StateDriver;
      expect(await errorOf(() => openedState(driver))).toMatchObject({ code: "config_invalid", pointer: `/${part}` });
    }
  },
);
