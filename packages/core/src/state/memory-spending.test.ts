import { expect, it } from "vitest";
import { errorOf } from "../testing.fixture.ts";
import { memoryDriver } from "./memory.ts";
import type { SpendingStore } from "./spending.ts";

const NOW = 1_760_000_000;
const PAID = { account: "budget b", counter: "paid" };

it.each<[string, (spending: SpendingStore) => unknown]>([
  ["a misspelt end", (spending) => spending.settle({ id: "a", owner: "ann", nowSeconds: NOW }, undefined as never)],
  ["no name", (spending) => spending.reserve({ owner: "ann", charges: [], nowSeconds: NOW } as never)],
  ["no time", (spending) => spending.reserve({ id: "a", owner: "ann", charges: [], nowSeconds: Number.NaN })],
  ["no charges", (spending) => spending.reserve({ id: "a", owner: "ann", nowSeconds: NOW } as never)],
  ["nothing", (spending) => spending.settle(null as never, "spent")],
])("what is asked with %s is refused, and nothing is given back", async (_, ask) => {
  const { spending } = memoryDriver({ since: 0, clock: () => NOW * 1000 });
  const charges = [{ ...PAID, amount: 5, most: 10, untilSeconds: NOW + 60 }];
  await spending.reserve({ id: "a", owner: "ann", charges, nowSeconds: NOW });
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
