import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TokenHash } from "../token/index.ts";
import { errorOf, NOW } from "../world.fixture.ts";
import { behavedLog } from "./behaved-log.ts";
import { followLog } from "./follow-log.ts";
import { memoryDriver } from "./memory.ts";
import { memoryLog } from "./memory-log.ts";
import { writeRevocation } from "./place-revocation.ts";
import type { RevocationQuery, RevocationTarget } from "./revocation.ts";
import type { LogEntry, LogPage, RevocationLog } from "./revocation-log.ts";
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
  const followed = followLog(behavedLog(log), { clock, repairSeconds: 0, ...more });
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
    const expected = { code: "state_unavailable", message: "the store of revocations gave no answer within 5000 ms" };
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
    await expect((async () => one.find(query()))()).rejects.toMatchObject({ code: "state_unavailable" });
    expect(kept()).toHaveLength(before);
    expect(await one.find(query())).toBeUndefined();
    expect(kept()).toHaveLength(3);
    expect(await joined(shared).find({ ...query(), agents: ["c"] })).toEqual({ agent: "c" });
  });

  it("that was made anew is closed until everybody could give back what it lost", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const { shared, lose } = sharedLog();
    const one = joined(shared, { repairSeconds: 2 });
    expect(await errorOf(async () => one.find(query(T1)))).toMatchObject({
      code: "state_unavailable",
      message: expect.stringContaining("opens in"),
    });
    vi.advanceTimersByTime(2001);
    expect(await one.find(query(T1))).toBeUndefined();
    lose(0);
    expect(await errorOf(async () => one.find(query(T1)))).toMatchObject({ code: "state_unavailable" });
  });

  it.each([1, 2])(
    "takes what it lost %i times between its answer and the reading of it: what is acknowledged, everybody knows",
    async (losses) => {
      const { shared, lose, kept } = sharedLog();
      let left = losses;
      const one = joined({
        ...shared,
        append: async (entry) => {
          await shared.append(entry);
          if (left-- > 0) lose(kept().length);
        },
      });
      await one.revoke({ token: T1 });
      expect(await joined(shared).find(query(T1))).toEqual({ token: T1 });
    },
  );

  it("loses whatever it is told: that is not acknowledged, but for what has ended already", async () => {
    const { shared, lose, kept } = sharedLog();
    const { followed } = joined({
      ...shared,
      append: async (entry) => void [await shared.append(entry), lose(kept().length)],
    });
    const entry = { id: "e", atSeconds: NOW, target: { agent: "a" }, by: { operator: "ops" } } as const;
    const lost = { code: "state_unavailable", message: expect.stringContaining("lost it again before it was read") };
    expect(await errorOf(async () => followed.append(entry))).toMatchObject(lost);
    await followed.append({ ...entry, untilSeconds: NOW });
  });

  it("may be known some seconds late, where that was said, and no longer", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const { shared, asked } = sharedLog();
    const [one, other] = [joined(shared), joined(shared, { maxStalenessSeconds: 5 })];
    await other.find(query(T1));
    await one.revoke({ token: T1 });
    const { heads } = asked;
    await other.find(query(T1));
    expect(asked.heads).toBe(heads);
    vi.advanceTimersByTime(5001);
    expect(await other.find(query(T1))).toBeDefined();
  });

  it("may be known as of a moment ago to who says so, where it takes a way to ask, and not longer by either clock", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const { shared, asked } = sharedLog();
    let now = NOW * 1000;
    const one = revocationsOn(followLog(shared, { clock: () => now, repairSeconds: 0 }), () => now);
    const other = joined(shared);
    await one.find(query(T1), 50);
    await other.revoke({ token: T1 });
    const { heads } = asked;
    vi.advanceTimersByTime(50);
    expect(await one.find(query(T1), 50)).toBeUndefined();
    expect(asked.heads).toBe(heads);
    // As of now, for who says nothing: and then it is known to all who ask here.
    expect(await one.find(query(T1))).toEqual({ token: T1 });
    expect(await one.find(query(T1), 50)).toEqual({ token: T1 });
    expect(asked.heads).toBe(heads + 1);
    vi.advanceTimersByTime(50.1);
    await one.find(query(T1), 50);
    expect(asked.heads).toBe(heads + 2);
    // The machine slept: the process's own clock stood still.
    now += 51;
    await one.find(query(T1), 50);
    expect(asked.heads).toBe(heads + 3);
  });

  it("is as old as the question, however long the answer takes", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const { shared, asked } = sharedLog();
    const slow: RevocationLog = {
      ...shared,
      head: async () => {
        const head = await shared.head();
        vi.advanceTimersByTime(60);
        return head;
      },
    };
    const one = joined(slow);
    await one.find(query(T1));
    await one.find(query(T1), 50);
    expect(asked.heads).toBe(2);
  });

  it("is compared at each question where the log answers at once", () => {
    const log = memoryLog(clock);
    const one = joined(log);
    void one.find(query(T1), 50);
    void log.append({
      id: "a",
      text: JSON.stringify({ version: 1, atSeconds: NOW, target: { token: T1 }, by: { operator: "op" } }),
    });
    expect(one.find(query(T1), 50)).toEqual({ token: T1 });
  });

  it("is known as it is now to whoever lists, lifts or takes a signed revocation, however late calls may know it", async () => {
    const { shared } = sharedLog();
    const [one, other] = [joined(shared), joined(shared, { maxStalenessSeconds: 3600 })];
    const target = { agent: "planner", issuer: "https://id.example" };
    await other.find(query(T1));
    await one.revoke(target);
    expect(await other.list()).toHaveLength(1);
    await one.revoke({ token: T1 });
    expect(await other.lift({ token: T1 })).toBe(1);
    await one.lift(target);
    const statement = { by: { issuer: target.issuer }, target, signedBy: "k", jti: "j", issuedAt: NOW, hash: "h" };
    const desk = { now: () => NOW, limits: { skewSeconds: 30 } };
    const shares = { mostBelowOne: 1000, mostOfIssuer: 1000 };
    expect((await writeRevocation(statement as never, other.followed, shares, desk)).outcome).toBe("revoked");
  });

  it("closes where it does not answer, and where an entry cannot be read", async () => {
    const { shared } = sharedLog();
    const one = joined({ ...shared, head: () => Promise.reject(new Error("down")) });
    await expect(one.find(query(T1))).rejects.toMatchObject({ code: "state_unavailable" });
    await shared.append({ id: "x", text: JSON.stringify({ version: 2, target: { token: T1 } }) });
    expect(await errorOf(async () => joined(shared).find(query(T1)))).toMatchObject({
      code: "state_unavailable",
      message: expect.stringContaining("an entry of the log of revocations cannot be read by this version"),
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

describe("when a copy may be used", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
  afterEach(() => void vi.useRealTimers());
  const wait = (seconds: number): unknown => vi.advanceTimersByTime(seconds * 1000);
  const first: LogPage = { epoch: "e", ageSeconds: 0, continues: true, entries: [], head: "h", complete: true };
  /** A log that answers at once, with this page. */
  const logOf = (page: Partial<LogPage> = {}) => {
    const asked = { heads: 0, pages: 0 };
    const log: RevocationLog = {
      head: () => {
        asked.heads++;
        return page.head ?? first.head;
      },
      read: () => {
        asked.pages++;
        return { ...first, ...page };
      },
      append: () => {},
    };
    return { log, asked, page };
  };
  const follow = (log: RevocationLog, repairSeconds: number, maxStalenessSeconds?: number) =>
    followLog(log, { clock, repairSeconds, maxStalenessSeconds });
  const closed = async (run: () => unknown): Promise<string> => {
    const { code, message } = await errorOf(async () => run());
    expect(code).toBe("state_unavailable");
    return message;
  };

  it.each([
    [5, 0, 5],
    [5, 3, 2],
    [5, 4.5, 0.5],
  ])(
    "a log is closed for %d seconds, less the %d that it is old, and says how long",
    async (repair, ageSeconds, left) => {
      const followed = follow(logOf({ ageSeconds }).log, repair);
      const ask = () => followed.newest();
      expect(await closed(ask)).toBe(
        `the store of revocations is new, or lost what it knew; it opens in ${Math.ceil(left)} s, once every living process could give back what it lost`,
      );
      expect(await closed(() => followed.page(undefined))).toContain("is new, or lost what it knew");
      wait(left - 0.25);
      expect(await closed(ask)).toContain("opens in 1 s");
      wait(0.25);
      expect(followed.newest()).toHaveProperty("find");
      expect(followed.page(undefined)).toMatchObject({ epoch: "e" });
    },
  );

  it.each<[string, Partial<LogPage>]>([
    ["was made anew", { epoch: "e2", continues: false }],
    ["may have lost its end, by the age that it says", {}],
  ])(
    "a log that is old enough is open at once, and stays so with each page; one that %s is closed",
    async (_, lost) => {
      const { log, page } = logOf({ ageSeconds: 90 });
      const followed = follow(log, 5);
      expect(followed.newest()).toHaveProperty("find");
      Object.assign(page, { head: "h2", ageSeconds: 91 });
      expect(followed.newest()).toHaveProperty("find");
      Object.assign(page, { head: "h3", ageSeconds: 1, ...lost });
      expect(await closed(() => followed.newest())).toContain("opens in 4 s");
      wait(4);
      Object.assign(page, { head: "h4", ageSeconds: 5 });
      expect(followed.newest()).toHaveProperty("find");
    },
  );

  it("a copy is compared at each call, or once it is older than it may be, by whoever compares", () => {
    const { log, asked } = logOf();
    const each = follow(log, 0);
    for (let i = 0; i < 3; i++) void each.newest();
    expect(asked).toEqual({ heads: 3, pages: 1 });
    const { log: lazy, asked: seldom } = logOf();
    const some = follow(lazy, 0, 10);
    void some.newest();
    wait(10);
    void some.newest();
    expect(seldom).toEqual({ heads: 1, pages: 1 });
    wait(0.001);
    void some.newest();
    expect(seldom).toEqual({ heads: 2, pages: 1 });
    wait(8);
    void some.compare();
    wait(8);
    void some.newest();
    expect(seldom).toEqual({ heads: 3, pages: 1 });
  });

  it("a copy of a log that takes a way to ask is compared at each call, also at two in one moment", async () => {
    const { log, asked } = logOf();
    const followed = follow({ ...log, head: async () => log.head() }, 0);
    await followed.newest();
    await followed.newest();
    expect(asked.heads).toBe(2);
  });

  it("a copy is older by the clock, too, which goes on while the machine sleeps and this process' own stands still", () => {
    const { log, asked } = logOf();
    let now = NOW * 1000;
    const followed = followLog(log, { clock: () => now, repairSeconds: 0, maxStalenessSeconds: 10 });
    void followed.newest();
    now += 10_000;
    void followed.newest();
    expect(asked.heads).toBe(1);
    now += 1;
    void followed.newest();
    expect(asked.heads).toBe(2);
    now = Number.NaN;
    void followed.newest();
    expect(asked.heads).toBe(3);
  });

  it("is closed as well while its copy is fresh enough", async () => {
    const followed = follow(logOf().log, 5, 10);
    expect(await closed(() => followed.newest())).toContain("opens in 5 s");
    wait(1);
    expect(await closed(() => followed.newest())).toContain("opens in 4 s");
  });

  it("whoever listens is told of the first reading where it has entries, and of each later one", () => {
    const told: string[] = [];
    const by = { operator: "ops" };
    const entry = { id: "a", text: JSON.stringify({ version: 1, atSeconds: NOW, target: { agent: "a" }, by }) };
    for (const [name, entries] of Object.entries({ empty: [], full: [entry] })) {
      const { log, page } = logOf({ entries });
      const followed = follow(log, 0);
      followed.onChange(() => told.push(name));
      void followed.compare();
      void followed.compare();
      Object.assign(page, { head: "h2" });
      void followed.compare();
    }
    expect(told).toEqual(["empty", "full", "full"]);
  });
});
