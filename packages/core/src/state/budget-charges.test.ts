import { expect, it } from "vitest";
import type { Chain } from "../token/index.ts";
import { budgetBounds, budgetCharges } from "./budget-charges.ts";

it("the account of a budget outlives every root that was issued before its end, also one with a later end", () => {
  const budget = { id: "b", from: 1000, until: 2000, calls: 1 };
  const chain = { links: [{ hash: "root", budget }], rootAudience: ["https://pay.example"] } as unknown as Chain;
  const bounds = budgetBounds(chain, { tool: "pay", audience: "https://pay.example" });
  expect(budgetCharges(bounds, {}, 86_400).map(({ untilSeconds }) => untilSeconds)).toEqual([2000 + 86_400 + 120]);
});
