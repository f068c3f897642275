import { afterEach, describe, expect, it, vi } from "vitest";
import type { TokenHash } from "../token/index.ts";
import { errorOf, NOW } from "../world.fixture.ts";
import { followLog } from "./follow-log.ts";
import { memoryDriver } from "./memory.ts";
import { memoryLog } from "./memory-log.ts";
import type { RevocationQuery, RevocationTarget } from "./revocation.ts";
import type { LogEntry, RevocationLog } from "./revocation-log.ts";
import { revocationsOn } from "./shared-revocations.ts";
import { openedState } from "./state.ts";

afterEach(() => void vi.useRealTimers());

const clock = (): number => NOW * 1000;
const T1 = "t".repeat(43) as TokenHash;
const T2 = "u".repeat(43) as TokenHash;
const query = (...tokens: TokenHash[]): RevocationQuery => ({
  tokens,
  keys: [],
  agents: [],
  user: { issuer: "https://id.example", subject: "ann" },
  issuedAt: NOW - 60,
});

/** A log that several processes share, of which the last entries, or all, can be lost. */
function sharedLog() {
  let log = memoryLog(clock);
  let kept: LogEntry[] = [];
  const asked = { heads: 0, pages: 0 };
  const begin = (entries: readonly LogEntry[]): void => {
    log = memoryLog(clock);
    kept = [];
    for (const entry of entries) {
      kept.push(entry);
      void log.append(entry);
    }
  };
  const shared: RevocationLog = {
    head: async () => {
      asked.heads++;
      return log.head();
    },
    read: async (after) => {
      asked.pages++;
      return log.read(after);
    },
    append: async (entry) => {
      kept.push(entry);
      return log.append(entry);
    },
  };
  return { shared, asked, lose: (last: number) => begin(kept.slice(0, kept.length - last)), kept: () => kept };
}

const joined = (
  log: RevocationLog,
  more: { readonly repairSeconds?: number; readonly maxStalenessSeconds?: number } = {},
) => {
  const followed = followLog(log, { clock, repairSeconds: 0, ...more });
  return { ...revocationsOn(followed, clock), followed };
};

describe("a log that several processes follow", () => {
  it("revokes in one, and the next call of another knows", async () => {
    const { shared } = sharedLog();
    const [one, other] = [joined(shared), joined(shared)];
    expect(await other.find(query(T1))).toBeUndefined();
    await one.revoke({ token: T1 });
    expect(await other.find(query(T1))).toEqual({ token: T1 });
    expect(await other.find(query(T2))).toBeUndefined();
  });

  it("is asked for nothing but its head, where nothing is new", async () => {
    const { shared, asked } = sharedLog();
    const one = joined(shared);
    await one.revoke({ token: T1 });
    await one.find(query(T1));
    const before = { ...asked };
    for (let i = 0; i < 10; i++) await one.find(query(T2));
    expect(asked).toEqual({ heads: before.heads + 10, pages: before.pages });
  });

  it("does not let a call by on what was read before it came, however slowly that is answered", async () => {
    const { shared } = sharedLog();
    const other = joined(shared);
    let answer = (): void => {};
    const answered = new Promise<void>((done) => {
      answer = done;
    });
    let pages = 0;
    const slow: RevocationLog = {
      ...shared,
      read: async (after) => {
        const page = await shared.read(after);
        if (pages++ === 1) await answered;
        return page;
      },
    };
    const one = joined(slow);
    await one.find(query());
    await other.revoke({ agent: "another" });
    const early = one.find(query(T1));
    while (pages < 2) await Promise.resolve();
    await other.revoke({ token: T1 });
    const calls = [one.find(query(T1)), one.find(query(T1)), one.find(query(T1))];
    await new Promise((done) => setImmediate(done));
    answer();
    expect(await Promise.all(calls)).toEqual(Array(3).fill({ token: T1 }));
    await early;
    expect(pages).toBe(3);
  });

  it.each(["read", "append"] as const)("recovers by itself from a log that never answers one %s", async (step) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { shared, lose } = sharedLog();
    let hangs = false;
    const hanging = async (run: () => unknown): Promise<never> => {
      const isLost = hangs;
      hangs = false;
      return (isLost ? new Promise<never>(() => {}) : run()) as Promise<never>;
    };
    const one = joined({
      ...shared,
      read: (after) => (step === "read" ? hanging(() => shared.read(after)) : shared.read(after)),
      append: (entry) => (step === "append" ? hanging(() => shared.append(entry)) : shared.append(entry)),
    });
    await one.revoke({ token: T1 });
    lose(1);
    hangs = true;
    const calls = Promise.all([one.find(query(T1)), one.find(query(T1))].map((call) => errorOf(() => call)));
    await vi.advanceTimersByTimeAsync(5000);
    const expected = { code: "state_unavailable", message: "the log of revocations gave no answer within 5000 ms" };
    expect(await calls).toMatchObject([expected, expected]);
    vi.useRealTimers();
    expect(await one.find(query(T1))).toEqual({ token: T1 });
  });

  it("lifts what was revoked, in every process; what is revoked after that holds", async () => {
    const { shared } = sharedLog();
    const [one, other] = [joined(shared), joined(shared)];
    await one.revoke({ token: T1 });
    await one.revoke({ token: T1 }, NOW + 60);
    expect(await other.find(query(T1))).toBeDefined();
    expect(await other.lift({ token: T1 })).toBe(2);
    expect(await one.find(query(T1))).toBeUndefined();
    expect(await one.lift({ token: T1 })).toBe(0);
    await one.revoke({ token: T1 });
    expect(await other.find(query(T1))).toBeDefined();
    expect(await other.list()).toMatchObject([{ target: { token: T1 }, by: { operator: "operator" } }]);
  });

  it.each([1, 2, 3])("that lost its last %i entries gets them back from whoever has them", async (last) => {
    const { shared, lose, kept } = sharedLog();
    const [one, other] = [joined(shared), joined(shared)];
    await one.revoke({ token: T1 });
    await one.revoke({ agent: "planner" });
    await one.lift({ agent: "planner" });
    lose(last);
    expect(await one.find(query(T1))).toEqual({ token: T1 });
    expect(kept()).toHaveLength(3);
    const planner = { ...query(), agents: ["planner"] };
    // Who reads them in another order than they were said has the same in force.
    expect([await other.find(query(T1)), await other.find(planner)]).toEqual([{ token: T1 }, undefined]);
  });

  it.each([0, 1, 2])("that fails after it got %i of them back gets the rest as well", async (before) => {
    const { shared, lose, kept } = sharedLog();
    let taken = Number.NEGATIVE_INFINITY;
    const one = joined({
      ...shared,
      append: async (entry) => {
        if (taken++ === before) throw new Error("it went down again");
        return shared.append(entry);
      },
    });
    for (const agent of ["a", "b", "c"]) await one.revoke({ agent });
    lose(3);
    taken = 0;
    await expect((async () => one.find(query()))()).rejects.toThrow("it went down again");
    expect(kept()).toHaveLength(before);
    expect(await one.find(query())).toBeUndefined();
    expect(kept()).toHaveLength(3);
    expect(await joined(shared).find({ ...query(), agents: ["c"] })).toEqual({ agent: "c" });
  });

  it("that was made anew is closed until everybody could give back what it lost", async () => {
    const { shared, lose } = sharedLog();
    const one = joined(shared, { repairSeconds: 0.05 });
    expect(await errorOf(async () => one.find(query(T1)))).toMatchObject({
      code: "state_unavailable",
      message: expect.stringContaining("opens in"),
    });
    await new Promise((done) => setTimeout(done, 60));
    expect(await one.find(query(T1))).toBeUndefined();
    lose(0);
    expect(await errorOf(async () => one.find(query(T1)))).toMatchObject({ code: "state_unavailable" });
  });

  it("may be known some seconds late, where that was said, and no longer", async () => {
    const { shared, asked } = sharedLog();
    const [one, other] = [joined(shared), joined(shared, { maxStalenessSeconds: 0.05 })];
    await other.find(query(T1));
    await one.revoke({ token: T1 });
    const { heads } = asked;
    await other.find(query(T1));
    expect(asked.heads).toBe(heads);
    await new Promise((done) => setTimeout(done, 60));
    expect(await other.find(query(T1))).toBeDefined();
  });

  it("closes where it does not answer, and where an entry cannot be read", async () => {
    const { shared } = sharedLog();
    const one = joined({ ...shared, head: () => Promise.reject(new Error("down")) });
    await expect(one.find(query(T1))).rejects.toThrow("down");
    await shared.append({ id: "x", text: JSON.stringify({ version: 2, target: { token: T1 } }) });
    expect(await errorOf(async () => joined(shared).find(query(T1)))).toMatchObject({
      code: "state_unavailable",
      message: "an entry of the log of revocations cannot be read by this version",
    });
  });

  it("forgets by the reader's own clock, whatever time an entry says", async () => {
    const { shared } = sharedLog();
    const one = joined(shared);
    await one.revoke({ token: T1 }, NOW + 3600);
    for (let i = 0; i < 1030; i++) {
      const text = JSON.stringify({
        version: 1,
        atSeconds: NOW + 400 * 86_400,
        target: { agent: `a${i}` },
        by: { operator: "x" },
      });
      await shared.append({ id: `far ${i}`, text });
    }
    expect(await one.find(query(T1))).toEqual({ token: T1 });
    expect(await one.list({ token: T1 })).toHaveLength(1);
  });

  it("tells of changes, here and elsewhere, and not of the first reading", async () => {
    const { shared } = sharedLog();
    const [one, other] = [joined(shared), joined(shared)];
    let told = 0;
    const end = other.onChange(() => {
      told++;
      throw new Error("a listener fails");
    });
    await other.find(query(T1));
    expect(told).toBe(0);
    await one.revoke({ token: T1 });
    await other.followed.compare();
    expect(told).toBe(1);
    end();
    await one.revoke({ token: T2 });
    await other.followed.compare();
    expect(told).toBe(1);
  });

  it.each<[string, RevocationTarget, boolean]>([
    ["its own chains", { agent: "planner", issuer: "https://id.example" }, true],
    ["another issuer's", { agent: "planner", issuer: "https://other.example" }, false],
    ["its own chains", { key: T1 as never, issuer: "https://id.example" }, true],
    ["another issuer's", { key: T1 as never, issuer: "https://other.example" }, false],
  ])("that an issuer revoked in %s: %j", async (_, target, isMet) => {
    const one = joined(sharedLog().shared);
    await one.revoke(target);
    const met = await one.find({ ...query(), agents: ["planner"], keys: [T1 as never] });
    expect(met).toEqual(isMet ? target : undefined);
  });

  it("is compared where no call does, until the state is closed", async () => {
    const driver = memoryDriver({ clock });
    let compared = 0;
    const head = () => {
      compared++;
      return driver.revocations.head();
    };
    const state = await openedState(
      { ...driver, revocations: { ...driver.revocations, head } },
      { maxStalenessSeconds: 0.01 },
    );
    await expect.poll(() => compared).toBeGreaterThan(1);
    await state.close();
    const before = compared;
    await new Promise((done) => setTimeout(done, 20));
    expect(compared).toBe(before);
  });
});
