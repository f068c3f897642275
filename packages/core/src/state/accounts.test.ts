import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Accounts, createAccounts, keyOf } from "./accounts.ts";
import type { Charge } from "./spending.ts";
import { STORE_LIMITS } from "./store-limits.ts";

const NOW = 1000;
const YEARS = 10 * 365 * 86_400;

let now: number;
/** The clock goes on, and with it the process's own. */
const wait = (seconds: number): void => {
  now += seconds;
  vi.advanceTimersByTime(seconds * 1000);
};
afterEach(() => void vi.useRealTimers());

let accounts: Accounts;
beforeEach(() => {
  now = NOW;
  vi.useFakeTimers({ toFake: ["performance"] });
  accounts = createAccounts();
});

const charge = (account: string, untilSeconds: number, counter = "paid"): Charge => ({
  ...{ account, counter, untilSeconds },
  ...{ amount: 1, most: 1 },
});
const add = (account: string, until: number, now = NOW): number => accounts.add("ann", charge(account, until), 1, now);
const counted = (account: string, now = NOW, counter = "paid"): number =>
  accounts.counted("ann", { account, counter }, now);

describe("an account", () => {
  it("counts by owner, name and counter, until the latest of its ends", () => {
    expect([add("a", NOW + 10), add("a", NOW + 5)]).toEqual([1, 2]);
    accounts.add("bob", charge("a", NOW + 10), 7, NOW);
    accounts.add("ann", charge("a", NOW + 10, "other"), 3, NOW);
    expect([counted("a"), counted("a", NOW, "other"), counted("b"), counted("a", NOW, "none")]).toEqual([2, 3, 0, 0]);
    expect([counted("a", NOW + 9.9), counted("a", NOW + 10)]).toEqual([2, 0]);
    expect(accounts.find("ann", "a", NOW + 10)).toBeUndefined();
  });

  it("begins anew once it ended, as another one of its name", () => {
    add("a", NOW + 10);
    const first = accounts.find("ann", "a", NOW);
    expect(add("a", NOW + 20, NOW + 10)).toBe(1);
    expect(accounts.find("ann", "a", NOW + 10)).not.toBe(first);
  });

  it("is forgotten some time after its end, however many there are", () => {
    add("short", NOW + 10);
    add("long", NOW + 100);
    const left = (seconds: number): number => {
      wait(seconds);
      accounts.forget(now);
      return accounts.size;
    };
    expect([left(10), left(59), left(1)]).toEqual([2, 2, 1]);
    expect([left(30), left(99), left(1)]).toEqual([1, 1, 0]);
    add("of a year", now + 31_536_000, now);
    expect([left(31_536_000), left(86_399), left(1)]).toEqual([1, 1, 0]);
  });

  it("is there again where the clock jumped past its end, and back", () => {
    add("a", NOW + 100);
    for (let i = 0; i < 2048; i++) add(`other ${i}`, NOW + 500, NOW + 150);
    accounts.forget(NOW + 150);
    expect([counted("a", NOW + 150), counted("a", NOW + 50)]).toEqual([0, 1]);
  });

  it("is there again where the clock jumped past its end by ten years, and back, and is forgotten in its time", () => {
    add("a", NOW + 100);
    now += YEARS;
    accounts.forget(now);
    wait(99);
    accounts.forget(now);
    now -= YEARS;
    accounts.forget(now);
    expect(counted("a", now)).toBe(1);
    wait(1);
    accounts.forget(now);
    expect(accounts.size).toBe(0);
  });

  it("is counted on where it ended by a clock that jumped, and was put back to before its end", () => {
    add("a", NOW + 100);
    now += YEARS;
    accounts.forget(now);
    now -= YEARS;
    wait(99.5);
    // By now it was seen to have ended long enough ago, and has not.
    accounts.forget(now);
    wait(0.4);
    accounts.forget(now);
    expect([accounts.size, counted("a", now)]).toEqual([1, 1]);
  });

  it("is forgotten once, by its last end, or by that of the one that has its name", () => {
    add("moved", NOW + 10);
    add("moved", NOW + 20);
    add("anew", NOW + 10);
    const forget = (seconds: number): void => {
      wait(seconds);
      accounts.forget(now);
    };
    forget(10);
    add("anew", NOW + 40, now);
    forget(10);
    forget(20);
    forget(39);
    expect(accounts.size).toBe(2);
    forget(1);
    expect([accounts.size, accounts.find("ann", "anew", NOW + 39)]).toEqual([1, expect.anything()]);
    forget(20);
    expect(accounts.size).toBe(0);
    // Both ends lapse in one second, and the account is gone with the first.
    add("within a second", now + 10.2, now);
    add("within a second", now + 10.5, now);
    forget(11);
    forget(60);
    forget(1);
    expect(accounts.size).toBe(0);
  });
});

it("an account is full with as many counters as it may have, for others than these, and as long as it lasts", () => {
  const isFull = (counter: string, account = "a", now = NOW, owner = "ann"): boolean =>
    accounts.isFull(owner, { account, counter }, now);
  expect(isFull("new")).toBe(false);
  for (let i = 1; i < STORE_LIMITS.counters; i++) accounts.add("ann", charge("a", NOW + 10, `${i}`), 1, NOW);
  expect(isFull("new")).toBe(false);
  accounts.add("ann", charge("a", NOW + 10, "last"), 1, NOW);
  expect([isFull("new"), isFull("last"), isFull("1")]).toEqual([true, false, false]);
  expect([isFull("new", "b"), isFull("new", "a", NOW, "bob"), isFull("new", "a", NOW + 10)]).toEqual([
    false,
    false,
    false,
  ]);
});

it("two names make one text, which no other two make", () => {
  const pairs = [
    ["a", "b"],
    ["a,b", ""],
    ["", "a,b"],
    ['a","b', ""],
  ] as const;
  expect(new Set(pairs.map(([one, other]) => keyOf(one, other))).size).toBe(pairs.length);
});
