import { beforeEach, describe, expect, it } from "vitest";
import { type Accounts, createAccounts, keyOf } from "./accounts.ts";
import type { Charge } from "./spending.ts";

const NOW = 1000;
const ROOM = 1024;

let accounts: Accounts;
beforeEach(() => {
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

  it("is forgotten after its end where room is needed, and not before", () => {
    for (let i = 1; i < ROOM; i++) add(`${i}`, NOW + 10);
    accounts.forget(NOW + 10);
    expect(accounts.size).toBe(ROOM - 1);
    add("living", NOW + 11);
    expect(accounts.size).toBe(ROOM);
    accounts.forget(NOW + 10);
    expect([accounts.size, counted("living")]).toEqual([1, 1]);
  });

  it("is looked for again once there are twice as many as lived then", () => {
    for (let i = 0; i < ROOM; i++) add(`${i}`, NOW + 60);
    add("ended", NOW + 10);
    accounts.forget(NOW + 9);
    expect(accounts.size).toBe(ROOM + 1);
    for (let i = 0; i < ROOM; i++) add(`more ${i}`, NOW + 60);
    accounts.forget(NOW + 10);
    expect(accounts.size).toBe(2 * ROOM + 1);
    add("the last straw", NOW + 60);
    accounts.forget(NOW + 10);
    expect(accounts.size).toBe(2 * ROOM + 1);
  });
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
