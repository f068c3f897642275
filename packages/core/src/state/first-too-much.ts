import { HopwiseError } from "../errors.ts";
import { isCount } from "../lib/index.ts";
import { mustBe } from "../options/index.ts";
import { readCharges } from "./read-step.ts";
import type { Charge, Reserved } from "./spending.ts";

/**
 * The first charge that does not fit, as if one after the other were added: two charges may be of one counter. For drivers
 * that can ask for a counter within their own step.
 *
 * @param spentOf what the counter of a charge has, at once
 * @returns the refusal; undefined where all of them fit
 * @throws {HopwiseError} `config_invalid` for what is no charge; `state_unavailable` where `spentOf` gives no amount, such as
 *   `NaN` or a promise: beside it, everything would fit. What `spentOf` throws
 */
export function firstTooMuch<Charged extends Charge>(
  charges: readonly Charged[],
  spentOf: (charge: Charged) => number,
): Extract<Reserved, { readonly outcome: "refused" }> | undefined {
  if (typeof spentOf !== "function") mustBe("firstTooMuch", "spentOf", "a function of a charge", spentOf);
  const sums = new Map<string, number>();
  for (const [i, { account, counter, amount, most }] of readCharges("firstTooMuch", charges, 0).entries()) {
    const key = JSON.stringify([account, counter]);
    const spent: unknown = spentOf(charges[i] as Charged);
    if (!isCount(spent)) throw new HopwiseError("state_unavailable", NO_AMOUNT);
    const before = sums.get(key) ?? spent;
    if (before > most - amount) return { outcome: "refused", charge: i, spent };
    sums.set(key, before + amount);
  }
  return undefined;
}

const NO_AMOUNT = "firstTooMuch: spentOf gave no amount at once, a whole number, 0 or more";
