import { expect, it } from "vitest";
import type { Chain } from "../token/index.ts";
import { modelView } from "../views/index.ts";
import { errorOf } from "../world.fixture.ts";
import { budgetAmount, budgetBounds, budgetCharges } from "./budget-charges.ts";

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
