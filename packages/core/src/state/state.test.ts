import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { errorOf } from "../world.fixture.ts";
import type { StateDriver } from "./driver.ts";
import { memoryDriver } from "./memory.ts";
import type { RevocationLog } from "./revocation-log.ts";
import { openedState, type SharedState } from "./state.ts";

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
