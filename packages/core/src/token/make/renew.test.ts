import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { HopwiseError } from "../../errors.ts";
import { createWorld, NOW } from "../../world.fixture.ts";
import { type HeldDelegation, hold, parseDelegation } from "./delegation.ts";
import { currentDelegation, renewing } from "./renew.ts";

const world = await createWorld();
const heldUntil = async (exp: number): Promise<HeldDelegation> =>
  hold(await parseDelegation(await world.root({ exp })), world.planner);

const first = await heldUntil(NOW + 100);
const second = await heldUntil(NOW + 200);
const third = await heldUntil(NOW + 300);

/** Milliseconds since the epoch, moved by each test. */
let now = NOW * 1000;
const clock = (): number => now;
beforeEach(() => {
  now = NOW * 1000;
});

/** Whoever gives new delegations: the next of a row each time, and `"down"` where that is what comes next. */
function giver(...row: (HeldDelegation | "down")[]) {
  const asked: HeldDelegation[] = [];
  const renew = async (expiring: HeldDelegation): Promise<HeldDelegation> => {
    asked.push(expiring);
    const next = row.shift();
    if (next === undefined || next === "down") throw new Error("nobody there");
    return next;
  };
  return { renew, asked };
}

/** What is under way has come to its end. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a delegation that is renewed", () => {
  it("is used as it is until thirty seconds before it expires, and then until another is there", async () => {
    const { renew, asked } = giver(second);
    const current = renewing(first, renew, { clock });
    now = (NOW + 70) * 1000 - 1;
    expect(await current()).toBe(first);
    expect(asked).toEqual([]);
    now = (NOW + 70) * 1000;
    expect(await current()).toBe(first);
    await settled();
    expect(await current()).toBe(second);
    expect(await current()).toBe(second);
    expect(asked).toHaveLength(1);
  });

  it("is renewed in its time by a clock that is behind that of its maker: it lives no longer than from its making to its end", async () => {
    const { renew, asked } = giver(second);
    const behind = 120;
    now = (NOW - behind) * 1000;
    const current = renewing(first, renew, { clock });
    now = (NOW - behind + 70) * 1000 - 1;
    await current();
    expect(asked).toEqual([]);
    now = (NOW - behind + 70) * 1000;
    await current();
    expect(asked).toEqual([first]);
  });

  it("is renewed as long before it expires as was said", async () => {
    const { renew, asked } = giver(second);
    const current = renewing(first, renew, { beforeSeconds: 10, clock });
    now = (NOW + 90) * 1000 - 1;
    expect(await current()).toBe(first);
    expect(asked).toEqual([]);
    now = (NOW + 90) * 1000;
    await current();
    expect(asked).toEqual([first]);
  });

  it("is asked for once by all who wait, and the one that expires is shown", async () => {
    const { renew, asked } = giver(second, third);
    const current = renewing(first, renew, { clock });
    now = (NOW + 100) * 1000;
    expect(await Promise.all([current(), current(), current()])).toEqual([second, second, second]);
    now = (NOW + 180) * 1000;
    expect(await Promise.all([current(), current()])).toEqual([second, second]);
    await settled();
    expect(await current()).toBe(third);
    expect(asked.map(({ expiresAt }) => expiresAt)).toEqual([NOW + 100, NOW + 200]);
  });

  it("is used for as long as it lives where nobody gives another, who is asked again each time", async () => {
    const { renew, asked } = giver("down", "down", second);
    const current = renewing(first, renew, { clock });
    for (const seconds of [NOW + 80, NOW + 99.999]) {
      now = seconds * 1000;
      expect(await current()).toBe(first);
      await settled();
    }
    expect(await current()).toBe(second);
    expect(asked).toHaveLength(3);
  });

  it("is never another user's, be it of that name elsewhere: the old one is given while it lives, and then none", async () => {
    for (const other of [{ sub: "bob" }, { iss: "https://id.other.example" }]) {
      now = NOW * 1000;
      const theirs = await hold(await parseDelegation(await world.root({ exp: NOW + 900, ...other })), world.planner);
      const current = renewing(first, async () => theirs, { clock });
      now = (NOW + 80) * 1000;
      for (let asked = 0; asked < 3; asked++) {
        expect(await current()).toBe(first);
        await settled();
      }
      now = (NOW + 100) * 1000;
      await expect(current()).rejects.toMatchObject({ code: "principal_changed" });
    }
  });

  it("is not given in its last five seconds while another is under way: it could expire on the way of a call", async () => {
    const { promise, resolve } = Promise.withResolvers<HeldDelegation>();
    const current = renewing(first, () => promise, { clock });
    now = (NOW + 95) * 1000 - 1;
    expect(await current()).toBe(first);
    now = (NOW + 95) * 1000;
    let given: HeldDelegation | undefined;
    const asked = current().then((held) => {
      given = held;
    });
    await settled();
    expect(given).toBeUndefined();
    resolve(second);
    await asked;
    expect(given).toBe(second);
  });

  it("is given in its last seconds where another does not come soon: whoever calls by it has no time to wait", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const current = renewing(first, () => new Promise(() => {}), { clock });
    now = (NOW + 96) * 1000;
    let given: HeldDelegation | undefined;
    const asked = current().then((held) => {
      given = held;
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(given).toBe(first);
    await asked;
  });

  it("is renewed in its time where the clock is put back: the verifier's goes on", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const { renew, asked } = giver(second, third);
    const current = renewing(first, renew, { clock });
    now -= 86_400_000;
    vi.advanceTimersByTime(69_999);
    await current();
    expect(asked).toEqual([]);
    vi.advanceTimersByTime(1);
    await current();
    await settled();
    expect(asked).toEqual([first]);
    now += 86_400_000 + 170_000;
    await current();
    expect(asked).toEqual([first, second]);
  });

  it("is not renewed before the time that was said, also in its last seconds", async () => {
    const { renew, asked } = giver(second);
    const current = renewing(first, renew, { beforeSeconds: 2, clock });
    now = (NOW + 98) * 1000 - 1;
    expect(await current()).toBe(first);
    expect(asked).toEqual([]);
    now = (NOW + 98) * 1000;
    expect(await current()).toBe(second);
  });

  it("is not used from the moment on in which it expires: then the failure is told, and the next call asks anew", async () => {
    const { renew } = giver("down", second);
    const current = renewing(first, renew, { clock });
    now = (NOW + 100) * 1000;
    await expect(current()).rejects.toThrow("nobody there");
    expect(await current()).toBe(second);
  });

  it("is used where what comes in its place is no delegation", async () => {
    const current = renewing(first, async () => ({ ...second }) as never, { beforeSeconds: 100, clock });
    expect(await current()).toBe(first);
    await settled();
    expect(await current()).toBe(first);
  });

  it("is given at once while a renewal hangs, which is asked for once; who comes too late waits for that one", async () => {
    const { promise, resolve } = Promise.withResolvers<HeldDelegation>();
    let times = 0;
    const renew = (): Promise<HeldDelegation> => {
      times++;
      return promise;
    };
    const current = renewing(first, renew, { clock });
    now = (NOW + 80) * 1000;
    expect(await Promise.all([current(), current()])).toEqual([first, first]);
    now = (NOW + 100) * 1000;
    const late = current();
    resolve(second);
    expect(await late).toBe(second);
    expect(times).toBe(1);
  });

  it("is asked for again after a renewal that threw at once, as an ordinary function does", async () => {
    let isDown = true;
    const renew = (): Promise<HeldDelegation> => {
      if (isDown) throw new Error("nobody there");
      return Promise.resolve(second);
    };
    const current = renewing(first, renew, { beforeSeconds: 100, clock });
    expect(await current()).toBe(first);
    await settled();
    isDown = false;
    await current();
    await settled();
    expect(await current()).toBe(second);
  });

  it("is asked for again after a renewal that never ended, and that nobody waited for", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      let hangs = true;
      const renew = () => (hangs ? new Promise<never>(() => {}) : Promise.resolve(second));
      const current = renewing(first, renew, { beforeSeconds: 100, clock });
      expect(await current()).toBe(first);
      hangs = false;
      now = (NOW + 100) * 1000;
      // Also where it has expired by then: no rejection is left behind, which would end the process.
      await vi.advanceTimersByTimeAsync(10_000);
      await settled();
      expect(await current()).toBe(second);
    } finally {
      vi.useRealTimers();
    }
  });

  it("is held against the machine's own clock where no other was given", async () => {
    const { renew } = giver(second);
    const living = await heldUntil(4_000_000_000);
    expect(await renewing(living, renew)()).toBe(living);
    expect(await renewing(first, renew)()).toBe(second); // `first` ended in 2025
  });
});

describe("where a delegation comes from", () => {
  it("may be the delegation itself, or what gives it", async () => {
    expect(await currentDelegation(first)).toBe(first);
    expect(await currentDelegation(async () => second)).toBe(second);
  });

  it("may fail, or give none: then it is named, and its own error is the cause", async () => {
    const cause = new Error("hunter2");
    await expect(currentDelegation(() => Promise.reject(cause))).rejects.toMatchObject({
      code: "delegation_unavailable",
      message: "the source of the delegation failed",
      cause,
    });
    const own = new HopwiseError("token_expired", "ours");
    await expect(currentDelegation(() => Promise.reject(own))).rejects.toBe(own);
    await expect(currentDelegation(async () => ({}) as never)).rejects.toMatchObject({ code: "config_invalid" });
  });

  it("may never answer: whoever asked does not wait for ever", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const waiting = currentDelegation(() => new Promise(() => {}));
      const ended = expect(waiting).rejects.toMatchObject({
        code: "delegation_unavailable",
        message: "the source of the delegation gave no answer within 10000 ms",
      });
      await vi.advanceTimersByTimeAsync(10_000);
      await ended;
    } finally {
      vi.useRealTimers();
    }
  });
});
