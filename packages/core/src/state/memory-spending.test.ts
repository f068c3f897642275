import { describe, expect, it, onTestFinished, vi } from "vitest";
import { errorOf } from "../world.fixture.ts";
import { memoryDriver } from "./memory.ts";
import { memorySpending } from "./memory-spending.ts";
import type { Charge, SpendingStore } from "./spending.ts";
import { STORE_LIMITS } from "./store-limits.ts";

const NOW = 1_760_000_000;
const PAID = { account: "budget b", counter: "paid" };

const CHARGE: Charge = { ...PAID, amount: 5, most: 10, untilSeconds: NOW + 60 };
const NAME = { id: "b", owner: "ann", nowSeconds: NOW };
/** What stands for nothing in the place of a member. */
const WRONG: { readonly [type: string]: readonly unknown[] } = {
  string: [undefined, null, 5, {}],
  number: [undefined, null, Number.NaN, Number.POSITIVE_INFINITY, "5"],
  object: [undefined, null, {}, [], [null], Array(2001).fill(CHARGE)],
};
type Ask = (spending: SpendingStore) => unknown;

/** A step with each of its members wrong in each way. */
function wrongly<T extends object>(
  step: string,
  right: T,
  ask: (spending: SpendingStore, given: T) => unknown,
): [string, Ask][] {
  return Object.entries(right).flatMap(([name, value]) =>
    (WRONG[typeof value] ?? []).map((wrong): [string, Ask] => [
      `${step} with ${name}: ${JSON.stringify(wrong)?.slice(0, 20)} of ${typeof wrong}`,
      (spending) => ask(spending, { ...right, [name]: wrong }),
    ]),
  );
}

it.each([
  ...wrongly("reserve", { ...NAME, charges: [CHARGE] }, (spending, given) => spending.reserve(given)),
  ...wrongly("a charge", CHARGE, (spending, given) => spending.reserve({ ...NAME, charges: [CHARGE, given] })),
  // The reservation that is there: what is misread would give it back.
  ...wrongly("settle", { ...NAME, id: "a" }, (spending, given) => spending.settle(given, "nothing_happened")),
  ...[undefined, "", "SPENT", null].map((how): [string, Ask] => [
    `settle with the end ${how}`,
    (spending) => spending.settle({ ...NAME, id: "a" }, how as never),
  ]),
  ...wrongly("spent", PAID, (spending, given) => spending.spent("ann", [given])),
])("%s is refused, and neither counts nor gives back", async (_, ask) => {
  const { spending } = memoryDriver({ since: 0, clock: () => NOW * 1000 });
  await spending.reserve({ ...NAME, id: "a", charges: [CHARGE] });
  expect(await errorOf(() => ask(spending))).toMatchObject({ code: "config_invalid" });
  expect(await spending.spent("ann", [PAID])).toEqual([5]);
});

it("what is given back late does not fill another account of the same name", async () => {
  let now = NOW;
  const { spending } = memoryDriver({ since: 0, clock: () => now * 1000 });
  const reserve = (id: string, amount: number) =>
    spending.reserve({
      id,
      owner: "ann",
      charges: [{ ...PAID, amount, most: 1000, untilSeconds: now + 60 }],
      nowSeconds: now,
    });
  await reserve("old", 900);
  now = NOW + 100;
  expect((await reserve("new", 1000)).outcome).toBe("reserved");
  await spending.settle({ id: "old", owner: "ann", nowSeconds: now }, "nothing_happened");
  expect(await spending.spent("ann", [PAID])).toEqual([1000]);
  expect((await reserve("more", 1)).outcome).toBe("refused");
});

it("a reservation is known by its id for an hour: asked again it counts once, and after that as another one", async () => {
  let now = NOW;
  const { spending } = memoryDriver({ since: 0, clock: () => now * 1000 });
  const charges: readonly Charge[] = [{ ...CHARGE, most: 100, untilSeconds: NOW + 86_400 }];
  const reserve = (id: string) => spending.reserve({ ...NAME, id, charges, nowSeconds: now });
  const settle = (id: string, how: "spent" | "nothing_happened") =>
    spending.settle({ ...NAME, id, nowSeconds: now }, how);
  await reserve("a");
  await reserve("given back");
  await settle("given back", "nothing_happened");
  now = NOW + 3599.999;
  expect(await reserve("a")).toEqual({ outcome: "reserved", spent: [5] });
  expect(await reserve("given back")).toEqual({ outcome: "withdrawn" });
  now = NOW + 3600;
  expect(await reserve("given back")).toEqual({ outcome: "reserved", spent: [10] });
  await settle("a", "nothing_happened");
  expect(await spending.spent("ann", [PAID])).toEqual([10]);
});

it("an account that is full takes no further counter, and nothing of what came with it, nor is that known by its id", async () => {
  const { spending } = memoryDriver({ since: 0, clock: () => NOW * 1000 });
  const charge = (counter: string, amount = 1): Charge => ({ ...CHARGE, counter, amount, most: 9 });
  const reserve = (id: string, charges: readonly Charge[]) => spending.reserve({ ...NAME, id, charges });
  for (let from = 0; from < STORE_LIMITS.counters; from += 2000) {
    await reserve(
      `${from}`,
      Array.from({ length: 2000 }, (_, i) => charge(`${from + i}`)),
    );
  }
  for (const _ of [1, 2]) {
    expect(await errorOf(() => reserve("one more", [charge("0"), charge("new")]))).toMatchObject({
      code: "state_unavailable",
      message: "more than 10000 bounds of one budget or rate are counted",
    });
  }
  expect(await reserve("those it has", [charge("0"), charge("9999", 2), charge("new", 0)])).toEqual({
    outcome: "reserved",
    spent: [2, 3, 0],
  });
});

describe("a memory that is full", () => {
  let now = NOW;
  const full = () => memorySpending(() => now * 1000, 0, 3);
  const reserve = async (spending: SpendingStore, id: string, account: string) =>
    (
      await spending.reserve({
        ...NAME,
        id,
        nowSeconds: now,
        charges: [{ ...CHARGE, account, untilSeconds: now + 60 }],
      })
    ).outcome;
  const giveBack = (spending: SpendingStore, id: string) =>
    spending.settle({ ...NAME, id, nowSeconds: now }, "nothing_happened");

  it("refuses a budget or rate more, until one of those that it has was forgotten", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    now = NOW;
    const spending = full();
    for (const account of ["a", "b", "c"]) expect(await reserve(spending, account, account)).toBe("reserved");
    for (const account of ["d", "a"]) {
      expect(await errorOf(() => reserve(spending, "d", account))).toMatchObject({
        code: "state_unavailable",
        message: "more than 3 budgets and rates are counted at once",
      });
    }
    // Kept once as long again, from when it is seen to have ended.
    now = NOW + 60;
    expect((await errorOf(() => reserve(spending, "d", "d"))).code).toBe("state_unavailable");
    now = NOW + 119;
    vi.advanceTimersByTime(59_000);
    expect((await errorOf(() => reserve(spending, "d", "d"))).code).toBe("state_unavailable");
    now = NOW + 120;
    vi.advanceTimersByTime(1000);
    expect(await reserve(spending, "d", "d")).toBe("reserved");
  });

  it("forgets the oldest reservation for one more, which then stays spent", async () => {
    now = NOW;
    const spending = full();
    for (const id of ["1", "2", "3"]) await reserve(spending, id, id === "3" ? "b" : "a");
    const spent = () => spending.spent("ann", [{ ...PAID, account: "a" }]);
    await giveBack(spending, "2");
    expect(await spent()).toEqual([5]);
    await giveBack(spending, "1");
    expect(await spent()).toEqual([5]);
  });
});
