import type { Charge } from "./spending.ts";

/** Counters in memory, by owner and account, until their accounts end. */
export interface Accounts {
  readonly size: number;
  counted(owner: string, counter: Pick<Charge, "account" | "counter">, now: number): number;
  /** @returns what the counter has then */
  add(owner: string, charge: Charge, amount: number, now: number): number;
  /** The very account that is counted in now, which another one of its name may follow; undefined where it ended. */
  find(owner: string, account: string, now: number): object | undefined;
  forget(now: number): void;
}

/** Counters that end together. */
interface Account {
  until: number;
  readonly counters: Map<string, number>;
}

/** How many accounts are kept before those that have ended are looked for. */
const ROOM = 1024;

export function createAccounts(): Accounts {
  const accounts = new Map<string, Account>();
  let room = ROOM;

  const living = (owner: string, account: string, now: number): Account | undefined => {
    const found = accounts.get(keyOf(owner, account));
    return found !== undefined && found.until > now ? found : undefined;
  };

  return {
    get size() {
      return accounts.size;
    },
    counted: (owner, { account, counter }, now) => living(owner, account, now)?.counters.get(counter) ?? 0,
    add: (owner, { account, counter, untilSeconds }, amount, now) => {
      const known = living(owner, account, now) ?? { until: untilSeconds, counters: new Map() };
      known.until = Math.max(known.until, untilSeconds);
      const sum = (known.counters.get(counter) ?? 0) + amount;
      known.counters.set(counter, sum);
      accounts.set(keyOf(owner, account), known);
      return sum;
    },
    find: living,
    forget: (now) => {
      if (accounts.size < room) return;
      for (const [key, { until }] of accounts) if (until <= now) accounts.delete(key);
      room = Math.max(ROOM, 2 * accounts.size);
    },
  };
}

/** One text for two, and another one for any other two. */
export function keyOf(one: string, other: string): string {
  return JSON.stringify([one, other]);
}
