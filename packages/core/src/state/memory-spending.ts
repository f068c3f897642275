import { HopwiseError } from "../errors.ts";
import { secondsBy } from "../options/index.ts";
import { type Accounts, createAccounts, keyOf } from "./accounts.ts";
import { checkClocks } from "./clocks.ts";
import { firstTooMuch } from "./first-too-much.ts";
import { readStep } from "./read-step.ts";
import type { Charge, SpendingStore } from "./spending.ts";
import { STORE_LIMITS } from "./store-limits.ts";

interface Held {
  readonly at: number;
  readonly is: "open" | "spent" | "given back";
  readonly charges: readonly (Charge & { readonly of: object | undefined })[];
}

/** How long a reservation is known by its id, in seconds. */
const KNOWN_SECONDS = 3600;
/** Most accounts: beyond, calls are refused. Of more reservations, the oldest are forgotten: then they stay spent. */
const MOST = 1_000_000;

/** A {@link SpendingStore} in memory, for one process. */
export function memorySpending(clock: () => number, notBefore: number, most: number = MOST): SpendingStore {
  const accounts = createAccounts();
  /** In the order in which they came. */
  const reserved = new Map<string, Held>();

  const now = (): number => {
    const seconds = secondsBy(clock);
    for (const [id, { at }] of reserved) {
      if (at + KNOWN_SECONDS > seconds && reserved.size < most) break;
      reserved.delete(id);
    }
    accounts.forget(seconds);
    return seconds;
  };

  return {
    notBefore,
    reserve: (...given) => {
      const [{ id, owner, charges, nowSeconds }] = readStep.reserve(...given);
      const at = now();
      checkClocks(at, nowSeconds, charges);
      const known = reserved.get(keyOf(owner, id));
      if (known?.is === "given back") return { outcome: "withdrawn" };
      const countedOf = (charge: Charge): number => accounts.counted(owner, charge, at);
      if (known === undefined) {
        if (accounts.size >= most) {
          throw new HopwiseError("state_unavailable", `more than ${most} budgets and rates are counted at once`);
        }
        const refused = firstTooMuch(charges, countedOf);
        if (refused !== undefined) return refused;
        reserved.set(keyOf(owner, id), { at, is: "open", charges: addAll(accounts, owner, charges, at) });
      }
      return { outcome: "reserved", spent: charges.map(countedOf) };
    },
    settle: (...given) => {
      const [{ id, owner, nowSeconds }, how] = readStep.settle(...given);
      const at = now();
      checkClocks(at, nowSeconds);
      const key = keyOf(owner, id);
      const known = reserved.get(key) ?? { at, is: "open", charges: [] };
      // One that did not come yet may still come, and must count then.
      if (known.is !== "open" || (how === "spent" && !reserved.has(key))) return;
      reserved.set(key, { at: known.at, is: how === "spent" ? "spent" : "given back", charges: [] });
      if (how === "spent") return;
      for (const charge of known.charges) {
        // Not to another account of its name, which began after this one had ended.
        const current = accounts.find(owner, charge.account, at);
        if (current !== undefined && current === charge.of) accounts.add(owner, charge, -charge.amount, at);
      }
    },
    spent: (...given) => {
      const [owner, counters] = readStep.spent(...given);
      const at = now();
      return counters.map((counter) => accounts.counted(owner, counter, at));
    },
  };
}

/**
 * Adds what charges add. What is only looked at takes no room.
 *
 * @returns those that added, each with its account
 * @throws {HopwiseError} where an account has as many counters as it may, and would get another
 */
function addAll(accounts: Accounts, owner: string, charges: readonly Charge[], now: number): Held["charges"] {
  const added = charges.filter(({ amount }) => amount > 0);
  if (added.some((charge) => accounts.isFull(owner, charge, now))) {
    throw new HopwiseError(
      "state_unavailable",
      `more than ${STORE_LIMITS.counters} bounds of one budget or rate are counted`,
    );
  }
  for (const charge of added) accounts.add(owner, charge, charge.amount, now);
  return added.map((charge) => ({ ...charge, of: accounts.find(owner, charge.account, now) }));
}
