import { isCount } from "../lib/index.ts";
import { checkSeconds, mustBe, reading } from "../options/index.ts";
import type { ApprovalStore, KeptAnswer, NewRequest } from "./approvals.ts";
import type { ClaimAbout, ReplayStore } from "./replay.ts";
import type { LogEntry, RevocationLog } from "./revocation-log.ts";
import type { Charge, Reservation, SpendingStore } from "./spending.ts";
import { STORE_LIMITS } from "./store-limits.ts";

/** Every step of a driver that is asked with something. */
type Steps = Omit<
  ReplayStore & SpendingStore & ApprovalStore & RevocationLog,
  "notBefore" | "longestWindowSeconds" | "head"
>;

type Place = readonly PropertyKey[];
type Named = Pick<Reservation, "id" | "owner" | "nowSeconds">;
type Counter = Pick<Charge, "account" | "counter">;

/** The longest chain, each token of which bounds as many sums of a tool as it may, and some more. */
const MOST_CHARGES = 2000;

const ABOUT = "what a store may know of a proof, { madeAtSeconds, owner }";
const RESERVATION = "a reservation, { id, owner, charges, nowSeconds }";
const CHARGE = "a charge, { account, counter, amount, most, untilSeconds }";
const COUNTER = "a counter, { account, counter }";
const REQUEST = "a request, { id, call, text, untilSeconds, nowSeconds }";
const ANSWER = "an answer, { id, key, text, nowSeconds }";
const ENTRY = "an entry, { id, text, untilSeconds }";

/**
 * Reads what a step of a driver is asked with: for each step a function that takes its arguments and gives them as copies
 * with each member read once, which nobody changes while the step waits. By hand, since it is done at each call.
 *
 * @throws {HopwiseError} `config_invalid` for whatever is not of the step's types
 *
 * @example
 * ```ts
 * const claim: ReplayStore["claim"] = async (...given) => {
 *   const [key, untilSeconds, about] = readStep.claim(...given);
 * ```
 */
export const readStep: {
  readonly [Step in keyof Steps]: (
    ...given: Parameters<Steps[Step]>
  ) => Step extends "list" ? readonly [most: number, after: string | undefined] : Required<Parameters<Steps[Step]>>;
} = {
  claim: (key, untilSeconds, about = {}) => [
    readText("claim", ["key"], key, "the key of a proof"),
    readTime("claim", ["untilSeconds"], untilSeconds),
    reading("claim", "about", ABOUT, about, readAbout),
  ],
  reserve: (given) => [reading("reserve", "reservation", RESERVATION, given, readReservation)],
  settle: (given, how) => {
    const named = reading("settle", "reservation", RESERVATION, given, (own) => readNamed("settle", own));
    // What is misspelt would give back.
    const isEnd = how === "spent" || how === "nothing_happened";
    return [named, isEnd ? how : mustBe("settle", "how", '"spent" or "nothing_happened"', how)];
  },
  spent: (owner, counters) => [
    readText("spent", ["owner"], owner),
    readList("spent", "counters", [0, STORE_LIMITS.counters], counters, (one, at) =>
      reading("spent", at, COUNTER, one, (own) => readCounter("spent", at, own)),
    ),
  ],
  keep: (given) => [
    reading("keep", "request", REQUEST, given, ({ id, call, after, text, untilSeconds, nowSeconds }: NewRequest) => ({
      id: readText("keep", ["id"], id),
      call: readText("keep", ["call"], call),
      ...(after !== undefined && { after: readText("keep", ["after"], after) }),
      text: readText("keep", ["text"], text),
      untilSeconds: readTime("keep", ["untilSeconds"], untilSeconds),
      nowSeconds: readTime("keep", ["nowSeconds"], nowSeconds),
    })),
  ],
  find: (id) => [readText("find", ["id"], id)],
  latest: (call) => [readText("latest", ["call"], call)],
  answer: (given) => [
    reading("answer", "answer", ANSWER, given, ({ id, key, text, nowSeconds }: KeptAnswer) => ({
      id: readText("answer", ["id"], id),
      key: readText("answer", ["key"], key),
      text: readText("answer", ["text"], text),
      nowSeconds: readTime("answer", ["nowSeconds"], nowSeconds),
    })),
  ],
  list: (most, after) => [
    readAmount("list", ["most"], most),
    after === undefined ? undefined : readText("list", ["after"], after, "the id of a request"),
  ],
  read: (after) => [after === undefined ? undefined : readText("read", ["after"], after, "a head of this log")],
  append: (given) => [
    reading("append", "entry", ENTRY, given, ({ id, text, untilSeconds }: LogEntry) => ({
      id: readText("append", ["id"], id),
      text: readText("append", ["text"], text),
      ...(untilSeconds !== undefined && { untilSeconds: readTime("append", ["untilSeconds"], untilSeconds) }),
    })),
  ],
};

function readAbout({ madeAtSeconds, nowSeconds, owner, root }: ClaimAbout): ClaimAbout {
  return {
    ...(madeAtSeconds !== undefined && { madeAtSeconds: readTime("claim", ["madeAtSeconds"], madeAtSeconds) }),
    ...(nowSeconds !== undefined && { nowSeconds: readTime("claim", ["nowSeconds"], nowSeconds) }),
    ...(owner !== undefined && { owner: readText("claim", ["owner"], owner) }),
    ...(root !== undefined && { root: readText("claim", ["root"], root) }),
  };
}

function readReservation(given: Reservation): Reservation {
  return { ...readNamed("reserve", given), charges: readCharges("reserve", given.charges, 1) };
}

/** Copies of charges, at least so many. @throws {HopwiseError} `config_invalid` */
export function readCharges(called: string, charges: readonly Charge[], least: number): readonly Charge[] {
  return readList(called, "charges", [least, MOST_CHARGES], charges, (one, at) =>
    reading(called, at, CHARGE, one, (own) => ({
      ...readCounter(called, at, own),
      amount: readAmount(called, [...at, "amount"], own.amount),
      most: readAmount(called, [...at, "most"], own.most),
      untilSeconds: readTime(called, [...at, "untilSeconds"], own.untilSeconds),
    })),
  );
}

/** Without a name of its own, one reservation would stand for all. */
function readNamed(called: string, { id, owner, nowSeconds }: Named): Named {
  return {
    id: readText(called, ["id"], id),
    owner: readText(called, ["owner"], owner),
    nowSeconds: readTime(called, ["nowSeconds"], nowSeconds),
  };
}

function readCounter(called: string, at: Place, { account, counter }: Counter): Counter {
  return {
    account: readText(called, [...at, "account"], account),
    counter: readText(called, [...at, "counter"], counter),
  };
}

function readList<T>(
  called: string,
  name: string,
  [least, most]: readonly [least: number, most: number],
  list: readonly T[],
  read: (one: T, at: Place) => T,
): readonly T[] {
  const what = `a list of ${least} to ${most} ${name}`;
  return reading(called, name, what, { list }, () => {
    if (!Array.isArray(list) || list.length < least || list.length > most) mustBe(called, name, what, list);
    // By its places, holes among them, and by no method of its own.
    return Array.from({ length: list.length }, (_, i) => read(list[i] as T, [name, i]));
  });
}

function readText(called: string, at: Place, value: unknown, what = "a text"): string {
  return typeof value === "string" ? value : mustBe(called, at, what, value);
}

function readTime(called: string, at: Place, value: unknown): number {
  checkSeconds(called, at, value);
  return value as number;
}

function readAmount(called: string, at: Place, value: unknown): number {
  return isCount(value) ? value : mustBe(called, at, "a whole number, 0 or more", value);
}
