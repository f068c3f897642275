import { describe, expect, it } from "vitest";
import type { BudgetBound, SpendingStore } from "../state/index.ts";
import type { Chain } from "../token/index.ts";
import { NOW, PAY } from "../world.fixture.ts";
import { budgetLeft, leftOf } from "./budget-left.ts";

const USER = { issuer: "https://id.example", subject: "ann" };
const END = { id: "b", from: 1000, until: 2000 };
/** A chain of tokens with these budgets, root first. */
const chainOf = (...budgets: readonly (object | undefined)[]): Chain =>
  ({
    links: budgets.map((budget, i) => ({
      hash: `h${i}`,
      expiresAt: 3600,
      ...(budget && { budget: { ...END, ...budget } }),
    })),
    rootAudience: [PAY],
    user: USER,
  }) as unknown as Chain;
const CHAIN = chainOf({});
const calls = (most: number) => ({ most }) as BudgetBound;
const sum = (tool: string, argument: string, most: number) => ({ most, sum: { tool, argument } }) as BudgetBound;

describe("what is left of bounds", () => {
  it("is the least that any token has left of each, and never less than nothing", () => {
    const bounds = [
      calls(9),
      calls(7),
      calls(8),
      sum("pay", "amount", 100),
      sum("pay", "amount", 50),
      sum("pay", "fee", 5),
      sum("refund", "amount", 1),
    ];
    expect(leftOf(CHAIN, bounds, [1, 2, 0, 60, 0, 9, 0])).toStrictEqual({
      id: "b",
      calls: 5,
      sums: { pay: { amount: 40, fee: 0 }, refund: { amount: 1 } },
    });
    expect(leftOf(CHAIN, [calls(7), calls(9), sum("pay", "amount", 3), sum("pay", "amount", 9)], [0, 0, 0, 0])).toEqual(
      {
        id: "b",
        calls: 7,
        sums: { pay: { amount: 3 } },
      },
    );
  });

  it("is nothing of what nobody knows to be spent", () => {
    expect(leftOf(CHAIN, [calls(9), sum("pay", "amount", 100)], [])).toEqual({
      id: "b",
      calls: 0,
      sums: { pay: { amount: 0 } },
    });
  });

  it("says of no bound what is not bounded", () => {
    expect(leftOf(CHAIN, [calls(9)], [0])).toStrictEqual({ id: "b", calls: 9 });
    expect(leftOf(CHAIN, [sum("pay", "amount", 9)], [0])).toStrictEqual({ id: "b", sums: { pay: { amount: 9 } } });
    expect(leftOf(CHAIN, [], [])).toStrictEqual({ id: "b" });
    for (const chain of [undefined, chainOf(undefined), chainOf()]) expect(leftOf(chain, [], [])).toBeUndefined();
  });
});

describe("what a chain has left of its budget", () => {
  const spendingWith = (spent: { readonly [counter: string]: number }, notBefore?: number) => {
    const asked: [owner: string, counters: readonly string[]][] = [];
    const store = {
      ...(notBefore !== undefined && { notBefore }),
      spent: async (owner: string, counters: readonly { readonly counter: string; readonly account: string }[]) => {
        asked.push([owner, counters.map(({ account, counter }) => `${account}: ${counter}`)]);
        return counters.map(({ counter }) => spent[counter] ?? 0);
      },
    } as unknown as SpendingStore;
    return { store, asked };
  };

  it("is asked of the store in one step, each counter once, for its user", async () => {
    const { store, asked } = spendingWith({ calls: 2, [`sum ["${PAY}","pay","amount"]`]: 30 });
    const budget = { calls: 9, sums: { pay: { amount: 100 }, refund: { amount: 5 } } };
    expect(await budgetLeft(chainOf(budget), store, NOW)).toEqual({
      id: "b",
      calls: 7,
      sums: { pay: { amount: 70 }, refund: { amount: 5 } },
    });
    expect(asked).toEqual([
      [
        JSON.stringify([USER.issuer, USER.subject]),
        ["budget b: calls", `budget b: sum ["${PAY}","pay","amount"]`, `budget b: sum ["${PAY}","refund","amount"]`],
      ],
    ]);
  });

  it("is of the calls alone where no tool is summed", async () => {
    const { store } = spendingWith({ calls: 2 });
    expect(await budgetLeft(chainOf({ calls: 9 }, { calls: 3 }), store, NOW)).toEqual({ id: "b", calls: 3 });
  });

  it("is asked for in as many steps as it takes", async () => {
    const { store, asked } = spendingWith({});
    const sums = Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`tool${i}`, { amount: i }]));
    const left = await budgetLeft(chainOf({ sums }), store, NOW);
    expect(asked.map(([, counters]) => counters.length)).toEqual([500, 1]);
    expect(left?.sums?.["tool500"]).toEqual({ amount: 500 });
    const { tool500: _, ...others } = sums;
    const one = spendingWith({});
    await budgetLeft(chainOf({ sums: others }), one.store, NOW);
    expect(one.asked).toHaveLength(1);
  });

  it("is nothing where the store may have forgotten what was spent, and no budget is none", async () => {
    const of = async (notBefore?: number) =>
      (await budgetLeft(chainOf({ calls: 9 }), spendingWith({}, notBefore).store, NOW))?.calls;
    expect([await of(), await of(1000), await of(1000.5)]).toEqual([9, 9, 0]);
    expect(await budgetLeft(chainOf(undefined), spendingWith({}).store, NOW)).toBeUndefined();
    expect(await budgetLeft(chainOf(), spendingWith({}).store, NOW)).toBeUndefined();
  });

  it("says since when it may be spent where that is still to come, and not a second longer", async () => {
    const at = (nowSeconds: number) => budgetLeft(chainOf({ calls: 9 }), spendingWith({}).store, nowSeconds);
    expect(await at(999)).toEqual({ id: "b", calls: 9, from: 1000 });
    expect(await at(1000)).toEqual({ id: "b", calls: 9 });
  });
});
