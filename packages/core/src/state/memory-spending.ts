import { HopwiseError } from "../errors.ts";
import { isObject, mustBe, secondsBy } from "../options/index.ts";
import { type Accounts, createAccounts, keyOf } from "./accounts.ts";
import { checkClocks, refuseClocks } from "./clocks.ts";
import type { Charge, Reservation, Reserved, SpendingStore } from "./spending.ts";

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
export function memorySpending(clock: () => number, notBefore: number): SpendingStore {
  const accounts = createAccounts();
  /** In the order in which they came. */
  const reserved = new Map<string, Held>();

  const now = (): number => {
    const seconds = secondsBy(clock);
    for (const [id, { at }] of reserved) {
      if (at + KNOWN_SECONDS > seconds && reserved.size < MOST) break;
      reserved.delete(id);
    }
    accounts.forget(seconds);
    return seconds;
  };

  return {
    notBefore,
    reserve: (reservation) => {
      const { id, owner, charges } = namesOf("reserve", reservation);
      const at = now();
      checkReservation(reservation, at);
      const known = reserved.get(keyOf(owner, id));
      if (known?.is === "given back") return { outcome: "withdrawn" };
      if (known !== undefined) {
        return { outcome: "reserved", spent: charges.map((charge) => accounts.counted(owner, charge, at)) };
      }
      if (accounts.size >= MOST) {
        throw new HopwiseError("state_unavailable", `more than ${MOST} budgets and rates are counted at once`);
      }
      const refused = firstTooMuch(reservation, accounts, at);
      if (refused !== undefined) return refused;
      const spent = charges.map((charge) => accounts.add(owner, charge, charge.amount, at));
      const counted = charges.map((charge) => ({ ...charge, of: accounts.find(owner, charge.account, at) }));
      reserved.set(keyOf(owner, id), { at, is: "open", charges: counted });
      return { outcome: "reserved", spent };
    },
    settle: (reservation, how) => {
      const { id, owner, nowSeconds } = namesOf("settle", reservation);
      checkEnd(how);
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
    spent: (owner, counters) => {
      const at = now();
      return counters.map((counter) => accounts.counted(owner, counter, at));
    },
  };
}

/** As if one after the other were added: two charges may be of one counter. */
function firstTooMuch({ owner, charges }: Reservation, accounts: Accounts, at: number): Reserved | undefined {
  const sums = new Map<string, number>();
  for (const [i, charge] of charges.entries()) {
    const { account, counter, amount, most } = charge;
    const key = keyOf(account, counter);
    const spent = accounts.counted(owner, charge, at);
    const before = sums.get(key) ?? spent;
    if (before > most - amount) return { outcome: "refused", charge: i, spent };
    sums.set(key, before + amount);
  }
  return undefined;
}

/** What is misspelt would give back. */
function checkEnd(how: unknown): void {
  if (how !== "spent" && how !== "nothing_happened") mustBe("settle", "how", "spent or nothing_happened", how);
}

/** Without a name of its own, one reservation would stand for all. */
function namesOf<T extends Pick<Reservation, "id" | "owner" | "nowSeconds">>(called: string, given: T): T {
  if (!isObject(given)) return mustBe(called, "reservation", "a reservation, { id, owner }", given);
  for (const name of ["id", "owner"] as const) {
    if (typeof given[name] !== "string") mustBe(called, name, "a text", given[name]);
  }
  if (!Number.isFinite(given.nowSeconds)) mustBe(called, "nowSeconds", "seconds since the epoch", given.nowSeconds);
  return given;
}

function checkReservation({ charges, nowSeconds }: Reservation, at: number): void {
  checkClocks(at, nowSeconds);
  if (!Array.isArray(charges)) mustBe("reserve", "charges", "a list of charges", charges);
  for (const [i, { account, counter, amount, most, untilSeconds }] of charges.entries()) {
    const place = (name: string): readonly (string | number)[] => ["charges", i, name];
    for (const [name, value] of Object.entries({ account, counter })) {
      if (typeof value !== "string") mustBe("reserve", place(name), "a text", value);
    }
    for (const [name, value] of Object.entries({ amount, most })) {
      if (!Number.isSafeInteger(value) || value < 0) mustBe("reserve", place(name), "a whole number, 0 or more", value);
    }
    if (!Number.isFinite(untilSeconds))
      mustBe("reserve", place("untilSeconds"), "seconds since the epoch", untilSeconds);
    // Its account would be forgotten at once, and nothing be counted.
    if (untilSeconds <= at) refuseClocks();
  }
}
