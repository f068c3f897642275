import { createLapsing } from "./lapsing.ts";
import type { Charge } from "./spending.ts";

/** Counters in memory, by owner and account, until their accounts end. */
export interface Accounts {
  readonly size: number;
  counted(owner: string, counter: Pick<Charge, "account" | "counter">, now: number): number;
  /** Whether an account has as many counters as it may, and not this one. */
  isFull(owner: string, counter: Pick<Charge, "account" | "counter">, now: number): boolean;
  /** @returns what the counter has then */
  add(owner: string, charge: Charge, amount: number, now: number): number;
  /** The very account that is counted in now, which another one of its name may follow; undefined where it ended. */
  find(owner: string, account: string, now: number): object | undefined;
  forget(now: number): void;
}

/** Counters that end together. */
interface Account {
  until: number;
  /** Not before; see {@link KEPT_SECONDS}. */
  keptUntil: number;
  readonly counters: Map<string, number>;
}

/**
 * An account is kept after its end: as long again as it was to live, within these bounds. A clock may jump ahead and back, and
 * what was spent must be there then.
 */
const KEPT_SECONDS = { least: 60, most: 86_400 };

/** Most counters of one account: it is that of one user, who must not take the room of all. */
export const MOST_COUNTERS = 10_000;

export function createAccounts(): Accounts {
  const accounts = new Map<string, Account>();
  const lapsing = createLapsing((key, second) => {
    // Its end may have moved, and another one may have its name.
    if ((accounts.get(key)?.keptUntil ?? 0) <= second) accounts.delete(key);
  });

  const living = (owner: string, account: string, now: number): Account | undefined => {
    const found = accounts.get(keyOf(owner, account));
    return found !== undefined && found.until > now ? found : undefined;
  };

  const keep = (key: string, account: Account, until: number, now: number): void => {
    account.until = until;
    account.keptUntil = until + Math.min(Math.max(until - now, KEPT_SECONDS.least), KEPT_SECONDS.most);
    accounts.set(key, account);
    lapsing.add(key, account.keptUntil);
  };

  return {
    get size() {
      return accounts.size;
    },
    counted: (owner, { account, counter }, now) => living(owner, account, now)?.counters.get(counter) ?? 0,
    isFull: (owner, { account, counter }, now) => {
      const counters = living(owner, account, now)?.counters;
      return counters !== undefined && counters.size >= MOST_COUNTERS && !counters.has(counter);
    },
    add: (owner, { account, counter, untilSeconds }, amount, now) => {
      const known = living(owner, account, now) ?? { until: 0, keptUntil: 0, counters: new Map() };
      if (known.until < untilSeconds) keep(keyOf(owner, account), known, untilSeconds, now);
      const sum = (known.counters.get(counter) ?? 0) + amount;
      known.counters.set(counter, sum);
      return sum;
    },
    find: living,
    forget: lapsing.forget,
  };
}

/** One text for two, and another one for any other two. */
export function keyOf(one: string, other: string): string {
  return JSON.stringify([one, other]);
}
