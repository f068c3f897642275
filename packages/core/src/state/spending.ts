import type { Awaitable } from "../lib/index.ts";

/** One amount to be added to one counter, which may not rise above a bound. */
export interface Charge {
  /** What ends together: one budget, one window of a rate. Up to 1,000 code units. */
  readonly account: string;
  /** The counter within the account. Up to 1,000 code units. */
  readonly counter: string;
  /** Whole, 0 to 2^53 - 1. With 0 it is only looked at: whether the counter is at most `most`. */
  readonly amount: number;
  /** The most that the counter may be once the amount is added: whole, 0 to 2^53 - 1. */
  readonly most: number;
  /** Until when the account is kept at least, in seconds since the epoch. Of several ends, the latest. */
  readonly untilSeconds: number;
}

/** Charges that are made together, or not at all. */
export interface Reservation {
  /** Its own random name: asked a second time, since the first answer was lost, it counts once. */
  readonly id: string;
  /** Whose counters: a user, as a text. All accounts of one owner can be changed in one step; two owners never share one. */
  readonly owner: string;
  /** At least one, at most 2,000. */
  readonly charges: readonly Charge[];
  /** The caller's clock, in seconds since the epoch. A store whose own clock is more than 5 seconds from it refuses. */
  readonly nowSeconds: number;
}

export type Reserved =
  /** `spent`: what each counter has now, in the order of the charges. */
  | { readonly outcome: "reserved"; readonly spent: readonly number[] }
  /** Nothing was counted: this charge, by its place in the list, is the first that does not fit; its counter has `spent`. */
  | { readonly outcome: "refused"; readonly charge: number; readonly spent: number }
  /** It was given back before. */
  | { readonly outcome: "withdrawn" };

/** Counts what is spent: budgets, rates, single uses. All amounts are whole numbers, exact up to 2^53 - 1. */
export interface SpendingStore {
  /** Since when nothing that was counted was lost, in seconds since the epoch; left out where nothing ever is. See {@link StateDriver}. */
  readonly notBefore?: number;
  /**
   * One atomic step: all charges fit and are counted, or none is. Throws where the end of a charge is past by the store's own
   * clock: its account would be forgotten at once, and nothing be counted. An account has about 10,000 counters at most: a
   * reservation that would add to one more throws; those that it has go on.
   */
  reserve(reservation: Reservation): Awaitable<Reserved>;
  /**
   * Ends a reservation. `spent`: it stands. `nothing_happened`: what it counted is given back, once, to the very accounts
   * that counted it (a later one of the same name gets nothing); and where the store has not seen it yet, it is refused as
   * `withdrawn` when it comes. Reservations are known by their ids for one hour at least; what is given back later stays spent.
   */
  settle(
    reservation: Pick<Reservation, "id" | "owner" | "nowSeconds">,
    how: "spent" | "nothing_happened",
  ): Awaitable<void>;
  /** What counters have, in the order in which they were asked for, at most 10,000; 0 for one that nobody charged. */
  spent(owner: string, counters: readonly Pick<Charge, "account" | "counter">[]): Awaitable<readonly number[]>;
}
