import type { Charge, Reserved } from "../state/index.ts";
import type { Scene } from "./case.ts";
import { newName } from "./texts.ts";

export const OWNER = '["https://id.example","ann"]';
export const PAID = { account: "budget", counter: "paid" };
export const CALLS = { account: "budget", counter: "calls" };

/** The steps of a scene, with what every step needs. */
export function stepsOf({ one, two, now }: Scene, owner: string = OWNER) {
  return {
    charge: (amount: number, most: number, of: { account: string; counter: string } = PAID): Charge => ({
      ...of,
      amount,
      most,
      untilSeconds: now() + 600,
    }),
    reserve: async (charges: readonly Charge[], id: string = newName(), { spending } = one): Promise<Reserved> =>
      spending.reserve({ id, owner, charges, nowSeconds: now() }),
    settle: async (id: string, how: "spent" | "nothing_happened", { spending } = one): Promise<void> =>
      spending.settle({ id, owner, nowSeconds: now() }, how),
    /** As the other process sees it. */
    spent: async (...of: (typeof PAID)[]): Promise<readonly number[]> => two.spending.spent(owner, of),
  };
}
