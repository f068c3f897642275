import { describe, expect, it } from "vitest";
import { stateContract } from "../state-contract/index.ts";
import { errorOf, NOW } from "../world.fixture.ts";
import { memoryDriver, memoryRevocations, memoryState } from "./memory.ts";

describe("the driver in memory", () => {
  it.each(stateContract.map(({ title, run }) => [title, run] as const))("%s", async (_, run) => {
    await run(({ mostOfRoot, mostOfUser }) => {
      let now = 1_760_000_000;
      const clock = (): number => now * 1000;
      const driver = memoryDriver({
        clock,
        since: 0,
        ...(mostOfRoot !== undefined && { maxProofsOfRoot: mostOfRoot }),
        ...(mostOfUser !== undefined && { maxProofsOfUser: mostOfUser }),
      });
      return {
        open: () => driver,
        nowSeconds: () => now,
        advance: (seconds) => {
          now += seconds;
        },
      };
    });
  });
});

describe("a state in memory", () => {
  const clock = (): number => NOW * 1000;
  const CLOSED = { code: "state_unavailable", message: "the state in memory was closed" };

  it("is well, and knows since when it has seen everything", () => {
    const driver = memoryDriver({ clock, since: 5000 });
    expect([driver.name, driver.health()]).toEqual(["memory", { ok: true }]);
    expect([driver.replay, driver.spending, driver.approvals].map(({ notBefore }) => notBefore)).toEqual([5, 5, 5]);
  });

  it("says why it could not do its work: there is no room, or its clock fails", async () => {
    const full = memoryDriver({ clock, since: 0, maxProofs: 1 });
    await full.replay.claim("a", NOW + 60);
    expect(full.health()).toEqual({ ok: false, problem: "more than 1 live proofs" });
    const clockless = memoryDriver({
      since: 0,
      clock: () => {
        throw new Error("hunter2");
      },
    });
    expect(clockless.health()).toEqual({
      ok: false,
      problem: "the clock gave no time in milliseconds since the epoch",
    });
  });

  it("says that it takes no proof until the time comes of which it forgot some, by a clock that was set back", async () => {
    let now = NOW;
    const driver = memoryDriver({ clock: () => now * 1000, since: 0 });
    await driver.replay.claim("a", NOW + 3660, { madeAtSeconds: NOW + 3600 });
    now = NOW + 7200;
    await driver.replay.claim("b", NOW + 7260, { madeAtSeconds: NOW + 7200 });
    now = NOW;
    expect(driver.health()).toEqual({
      ok: false,
      problem: expect.stringMatching(/^the clock was ahead when this store forgot proofs/),
    });
    now = NOW + 3601;
    expect(driver.health()).toEqual({ ok: true });
    expect(driver.replay.claim("c", now + 60, { madeAtSeconds: now })).toBe(true);
  });

  it("refuses every step once it was closed, and says so", async () => {
    const state = memoryState({ clock, since: 0 });
    expect(await state.health()).toEqual({ ok: true });
    await state.close();
    expect(await state.health()).toEqual({ ok: false, problem: "it was closed" });
    for (const step of [
      () => state.replay.claim("a", NOW + 60),
      () => state.spending.spent("a", []),
      () => state.approvals.find("a"),
      () => state.revocations.list(),
    ]) {
      expect(await errorOf(async () => step())).toMatchObject(CLOSED);
    }
  });

  it("begins open, and its revocations are there at once", () => {
    for (const revocations of [memoryState({ clock }).revocations, memoryRevocations(clock), memoryRevocations()]) {
      expect(revocations.revoke({ agent: "planner" })).toBeUndefined();
      expect(revocations.list()).toMatchObject([{ target: { agent: "planner" } }]);
    }
  });

  it.each<[string, (given: { readonly clock: never }) => unknown]>([
    ["memoryState", memoryState],
    ["memoryDriver", memoryDriver],
    ["memoryRevocations", ({ clock }) => memoryRevocations(clock)],
  ])("is not made by %s of a clock that is none", async (called, make) => {
    expect(await errorOf(() => make({ clock: NOW as never }))).toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(new RegExp(`^${called}: .* must be a function`)),
    });
  });
});
