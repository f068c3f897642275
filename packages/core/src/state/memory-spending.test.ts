import { expect, it } from "vitest";
import { memoryDriver } from "./memory.ts";

const NOW = 1_760_000_000;
const PAID = { account: "budget b", counter: "paid" };

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
