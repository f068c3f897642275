import { ownSeconds } from "./forgetting.ts";
import { createLapsing } from "./lapsing.ts";
import type { Charge } from "./spending.ts";
import { STORE_LIMITS } from "./store-limits.ts";

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
  /** For how long after its end; see {@link KEPT_SECONDS}. */
  keptSeconds: number;
  /** When it is forgotten, by the process's own clock, once it ended. */
  forgottenAt: number | undefined;
  readonly counters: Map<string, number>;
}

/**
 * An account is kept after its end: as long again as it was to live, within these bounds. A clock may jump ahead and back, and
 * what was spent must be there then: so these are seconds of the process's own clock, which makes no jump of ten years.
 */
const KEPT_SECONDS = { least: 60, most: 86_400 };

export function createAccounts(): Accounts {
  const accounts = new Map<string, Account>();
  /** By the clock, when they end; and then by the process's own, when they are forgotten. */
  const ending = createLapsing((key, second) => {
    const found = accounts.get(key);
    // Its end may have moved, and another one may have its name.
    if (found === undefined || found.until > second) return;
    found.forgottenAt = ownSeconds() + found.keptSeconds;
    ended.add(key, found.forgottenAt);
  });
  const ended = createLapsing((key, second) => {
    const found = accounts.get(key);
    if (found === undefined || (found.forgottenAt ?? Number.POSITIVE_INFINITY) > second) return;
    if (found.until <= shown) accounts.delete(key);
    // The clock was put back to before its end.
    else ending.add(key, found.until);
  });
  /** What the clock showed last. */
  let shown = 0;

  const living = (owner: string, account: string, now: number): Account | undefined => {
    const found = accounts.get(keyOf(owner, account));
    return found !== undefined && found.until > now ? found : undefined;
  };

  const keep = (key: string, account: Account, until: number, now: number): void => {
    account.until = until;
    account.keptSeconds = Math.min(Math.max(until - now, KEPT_SECONDS.least), KEPT_SECONDS.most);
    account.forgottenAt = undefined;
    accounts.set(key, account);
    ending.add(key, until);
  };

  return {
    get size() {
      return accounts.size;
    },
    counted: (owner, { account, counter }, now) => living(owner, account, now)?.counters.get(counter) ?? 0,
    isFull: (owner, { account, counter }, now) => {
      const counters = living(owner, account, now)?.counters;
      return counters !== undefined && counters.size >= STORE_LIMITS.counters && !counters.has(counter);
    },
    add: (owner, { account, counter, untilSeconds }, amount, now) => {
      const known = living(owner, account, now) ?? newAccount();
      if (known.until < untilSeconds) keep(keyOf(owner, account), known, untilSeconds, now);
      const sum = (known.counters.get(counter) ?? 0) + amount;
      known.counters.set(counter, sum);
      return sum;
    },
    find: living,
    forget: (now) => {
      shown = now;
      ending.forget(now);
      ended.forget(ownSeconds());
    },
  };
}

function newAccount(): Account {
  return { until: 0, keptSeconds: 0, forgottenAt: undefined, counters: new Map() };
}

/** One text for two, and another one for any other two. */
export function keyOf(one: string, other: string): string {
  return JSON.stringify([one, other]);
}
