import { describe, expect, it } from "vitest";
import type { Chain } from "../token/index.ts";
import { modelView } from "../views/index.ts";
import { errorOf } from "../world.fixture.ts";
import { type BudgetBound, budgetAmount, budgetBounds, budgetCharges } from "./budget-charges.ts";

it("the account of a budget outlives every root that was issued before its end, also one with a later end", () => {
  const budget = { id: "b", from: 1000, until: 2000, calls: 1 };
  const chain = { links: [{ hash: "root", budget }], rootAudience: ["https://pay.example"] } as unknown as Chain;
  const bounds = budgetBounds(chain, { tool: "pay", audience: "https://pay.example" });
  expect(budgetCharges(bounds, {}, 86_400).map(({ untilSeconds }) => untilSeconds)).toEqual([2000 + 86_400 + 120]);
});

it.each<[object, string]>([
  [{ amount: 12.5 }, "grant_argument_refused"],
  [{ amount: -1 }, "grant_argument_refused"],
  [{}, "grant_argument_missing"],
])("says to the model what a budget can add up, where the amount is none: %j", async (args, code) => {
  const bound = { hop: 1, pointer: "/budget", sum: { tool: "pay", argument: "amount" } } as never;
  const error = await errorOf(() => budgetAmount(bound, args as never));
  expect(error).toMatchObject({ code, pointer: "/amount", wouldPass: { accepts: expect.stringMatching(/^a whole/) } });
  const { message } = modelView(error as never);
  expect(message).toMatch(/"\/amount"\. Allowed there: a whole number of its smallest unit, 0 or more, since a budget/);
});

const PAY = "https://pay.example";
const END = { id: "b", from: 1000, until: 2000 };
/** A chain of tokens with these budgets, root first. */
const chainOf = (budgets: readonly (object | undefined)[], rootAudience = [PAY]): Chain =>
  ({
    links: budgets.map((budget, i) => ({
      hash: `h${i}`,
      expiresAt: 7300 - i,
      ...(budget && { budget: { ...END, ...budget } }),
    })),
    rootAudience,
  }) as unknown as Chain;

describe("the bounds that a call counts against", () => {
  it("are those on calls and on each sum of its tool, where the token says them, by audience and name", () => {
    const sums = { "pay/a": { amount: 100, "fee/1": 5 }, refund: { amount: 1 }, inherits: {} };
    const bound = { hop: 1, account: "budget b", until: 2000 };
    expect(budgetBounds(chainOf([{ calls: 3, sums }]), { tool: "pay/a", audience: PAY })).toStrictEqual([
      { ...bound, pointer: "/budget/calls", counter: "calls", most: 3 },
      {
        ...bound,
        pointer: "/budget/sums/pay~1a/amount",
        counter: `sum ["${PAY}","pay/a","amount"]`,
        most: 100,
        sum: { tool: "pay/a", argument: "amount" },
      },
      {
        ...bound,
        pointer: "/budget/sums/pay~1a/fee~11",
        counter: `sum ["${PAY}","pay/a","fee/1"]`,
        most: 5,
        sum: { tool: "pay/a", argument: "fee/1" },
      },
    ]);
    for (const tool of ["list", "inherits", "toString"]) {
      expect(budgetBounds(chainOf([{ sums }]), { tool, audience: PAY })).toEqual([]);
    }
    expect(budgetBounds(chainOf([{}]), { tool: "pay/a", audience: PAY })).toEqual([]);
  });

  it("are found by the name that the tool has in a root of several audiences, and counted under the same", () => {
    const sums = { [`${PAY}#pay`]: { amount: 100 }, pay: { amount: 1 } };
    const found = budgetBounds(chainOf([{ sums }], [PAY, "https://docs.example"]), { tool: "pay", audience: PAY });
    expect(found).toMatchObject([
      { most: 100, counter: `sum ["${PAY}","pay","amount"]`, sum: { tool: `${PAY}#pay`, argument: "amount" } },
    ]);
  });

  it("are a token's own where they are less than its parent's, and counted for that token alone", () => {
    const of = { tool: "pay", audience: PAY };
    const sums = { pay: { amount: 100 } };
    const found = budgetBounds(
      chainOf([
        { calls: 3, sums },
        { calls: 2, sums },
        { calls: 2, sums: { pay: { amount: 99 } } },
      ]),
      of,
    );
    expect(found.map(({ hop, pointer, counter, most }) => [hop, pointer, counter, most])).toEqual([
      [1, "/budget/calls", "calls", 3],
      [1, "/budget/sums/pay/amount", `sum ["${PAY}","pay","amount"]`, 100],
      [2, "/budget/calls", "h1 calls", 2],
      [3, "/budget/sums/pay/amount", `h2 sum ["${PAY}","pay","amount"]`, 99],
    ]);
    expect(budgetBounds(chainOf([undefined, undefined]), of)).toEqual([]);
  });

  it("lie, of a token below the root, in an account that ends in the hour in which the token does, and not with the budget", () => {
    const bounds = budgetBounds(chainOf([{ calls: 9 }, { calls: 8 }, { calls: 7 }]), { tool: "pay", audience: PAY });
    expect(bounds.map(({ account, until }) => [account, until])).toEqual([
      ["budget b", 2000],
      ["budget b 10800", 10_800],
      ["budget b 10800", 10_800],
    ]);
    const ends = budgetCharges(bounds, {}, 86_400).map(({ untilSeconds }) => untilSeconds);
    expect(ends).toEqual([2000 + 86_400 + 120, 10_920, 10_920]);
  });
});

describe("what a call adds to a bound", () => {
  const bound = { hop: 2, sum: { tool: "pay", argument: "a/b" } } as BudgetBound;

  it("is one call, or what its argument says", () => {
    expect(budgetAmount({ hop: 1 } as BudgetBound, {})).toBe(1);
    expect([0, 7, Number.MAX_SAFE_INTEGER].map((amount) => budgetAmount(bound, { "a/b": amount }))).toEqual([
      0,
      7,
      Number.MAX_SAFE_INTEGER,
    ]);
    const charges = budgetCharges([{ ...bound, account: "a", counter: "c", most: 9, until: 5 }], { "a/b": 4 }, 10);
    expect(charges).toStrictEqual([{ account: "a", counter: "c", most: 9, untilSeconds: 125, amount: 4 }]);
  });

  it("is nothing that its argument does not say, and the refusal says where, at which hop, and what would do", async () => {
    const [missing, refused] = [
      'a budget adds up "a/b", so each call has to say it',
      'a budget adds up "a/b": a whole number of its smallest unit, 0 or more',
    ];
    for (const [args, code, rule] of [
      [{}, "grant_argument_missing", missing],
      [{ "a/b": -1 }, "grant_argument_refused", refused],
      [{ "a/b": 2 ** 53 }, "grant_argument_refused", refused],
      [{ "a/b": "7" }, "grant_argument_refused", refused],
      [{ "a/b": null }, "grant_argument_refused", refused],
    ] as const) {
      const error = await errorOf(() => budgetAmount(bound, args));
      expect(error).toMatchObject({ code, message: rule, rule, hop: 2, pointer: "/a~1b" });
    }
    const inherited = { ...bound, sum: { tool: "pay", argument: "toString" } };
    expect((await errorOf(() => budgetAmount(inherited, {}))).code).toBe("grant_argument_missing");
  });
});
