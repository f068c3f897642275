import type { Charge, Reserved } from "./spending.ts";

/**
 * The first charge that does not fit, as if one after the other were added: two charges may be of one counter. For drivers
 * that can ask for a counter within their own step.
 *
 * @param spentOf what the counter of a charge has
 * @returns the refusal; undefined where all of them fit
 */
export function firstTooMuch<Charged extends Charge>(
  charges: readonly Charged[],
  spentOf: (charge: Charged) => number,
): Extract<Reserved, { readonly outcome: "refused" }> | undefined {
  const sums = new Map<string, number>();
  for (const [i, charge] of charges.entries()) {
    const { account, counter, amount, most } = charge;
    const key = JSON.stringify([account, counter]);
    const spent = spentOf(charge);
    const before = sums.get(key) ?? spent;
    if (before > most - amount) return { outcome: "refused", charge: i, spent };
    sums.set(key, before + amount);
  }
  return undefined;
}
