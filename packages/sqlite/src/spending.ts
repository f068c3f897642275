import { mustBe, reading } from "@hopwise/core/options";
import type { Charge, Reservation, Reserved, SpendingStore } from "@hopwise/core/state";
import { checkAmount, checkClocks, checkTime, nameOf, refuseClocks } from "./arguments.ts";
import type { Moment, Store } from "./store.ts";

/** How long a reservation is known by its id, in seconds: an hour, and a minute for clocks that are set. */
const KNOWN_SECONDS = 3660;
/** An account is kept for longer than it must be: as long again as it was to live, within these bounds. Clocks may jump ahead and back. */
const KEPT_SECONDS = { least: 60, most: 86_400 };

interface Account {
  readonly id: number;
  readonly ends: number;
}

type Counter = Pick<Charge, "account" | "counter">;

/** Where a counter lies: its account, and its name there. */
interface Place {
  readonly key: Uint8Array;
  readonly name: string;
}

/** What is spent, in the file. */
export function sqliteSpending(store: Store): SpendingStore {
  return {
    get notBefore() {
      return store.since;
    },
    reserve: async (given) => {
      const reservation = readReservation(given);
      return store.write((at) => reserve(at, reservation));
    },
    settle: async (given, how) => {
      const reservation = readNames("settle", given);
      if (how !== "spent" && how !== "nothing_happened") mustBe("settle", "how", '"spent" or "nothing_happened"', how);
      return store.write((at) => settle(at, reservation, how));
    },
    spent: async (owner, counters) => {
      if (typeof owner !== "string") mustBe("spent", "owner", "a text", owner);
      if (!Array.isArray(counters)) mustBe("spent", "counters", "a list of { account, counter }", counters);
      const places = counters.map((given, i) => placeOf(owner, readCounter("spent", ["counters", i], given)));
      return store.read((at) => places.map((place) => countedOf(at, place)));
    },
  };
}

function reserve(at: Moment, { id, owner, charges: asked, nowSeconds }: Reservation): Reserved {
  const { sql, now } = at;
  checkClocks(now, nowSeconds);
  if (asked.some(({ untilSeconds }) => untilSeconds <= now)) refuseClocks();
  const charges = asked.map((charge) => ({ ...charge, ...placeOf(owner, charge) }));
  const key = nameOf("reservation", owner, id);
  const known = sql("SELECT state FROM reservation WHERE key = ?").get(key);
  if (known?.["state"] === "withdrawn") return { outcome: "withdrawn" };
  if (known === undefined) {
    const refused = firstTooMuch(at, charges);
    if (refused !== undefined) return refused;
    const counted = charges.filter(({ amount }) => amount > 0).map((charge) => count(at, charge));
    sql("INSERT INTO reservation (key, state, ends, charges) VALUES (?, 'open', ?, ?)").run(
      key,
      now + KNOWN_SECONDS,
      JSON.stringify(counted),
    );
  }
  return { outcome: "reserved", spent: charges.map((charge) => countedOf(at, charge)) };
}

/** As if one after the other were added: two charges may be of one counter. */
function firstTooMuch(at: Moment, charges: readonly (Charge & Place)[]): Reserved | undefined {
  const sums = new Map<string, number>();
  for (const [i, charge] of charges.entries()) {
    const { account, counter, amount, most } = charge;
    const key = JSON.stringify([account, counter]);
    const spent = countedOf(at, charge);
    const before = sums.get(key) ?? spent;
    if (before > most - amount) return { outcome: "refused", charge: i, spent };
    sums.set(key, before + amount);
  }
  return undefined;
}

/** @returns the counter's id, and what it got, to be given back */
function count(at: Moment, charge: Charge & Place): readonly [id: number, amount: number] {
  const { sql, now } = at;
  const kept = Math.min(Math.max(charge.untilSeconds - now, KEPT_SECONDS.least), KEPT_SECONDS.most);
  const account = accountFor(at, charge.key, charge.untilSeconds + kept);
  const counter = sql(
    "INSERT INTO counter (account, name, value) VALUES (?, ?, ?) ON CONFLICT (account, name) DO UPDATE SET value = value + excluded.value RETURNING id",
  ).get(account, charge.name, charge.amount);
  return [Number(counter?.["id"]), charge.amount];
}

/** The living account of a name, which lives until then at least. */
function accountFor({ sql, now }: Moment, key: Uint8Array, ends: number): number {
  const known = sql("SELECT id, ends FROM account WHERE key = ?").get(key) as unknown as Account | undefined;
  if (known !== undefined && known.ends > now) {
    if (known.ends < ends) sql("UPDATE account SET ends = ? WHERE id = ?").run(ends, known.id);
    return known.id;
  }
  // The old one is left to the sweep, with its counters.
  if (known !== undefined) sql("UPDATE account SET key = NULL WHERE id = ?").run(known.id);
  return Number(sql("INSERT INTO account (key, ends) VALUES (?, ?)").run(key, ends).lastInsertRowid);
}

function countedOf({ sql, now }: Moment, { key, name }: Place): number {
  const found = sql(
    "SELECT value FROM counter JOIN account ON account.id = counter.account WHERE key = ? AND ends > ? AND name = ?",
  ).get(key, now, name);
  return Number(found?.["value"] ?? 0);
}

function placeOf(owner: string, { account, counter }: Counter): Place {
  return { key: nameOf("account", owner, account), name: JSON.stringify(counter) };
}

function settle({ sql, now }: Moment, { id, owner, nowSeconds }: Named, how: "spent" | "nothing_happened"): void {
  checkClocks(now, nowSeconds);
  const key = nameOf("reservation", owner, id);
  const known = sql("SELECT state, charges FROM reservation WHERE key = ?").get(key);
  if (known === undefined ? how === "spent" : known["state"] !== "open") return;
  if (how === "spent") {
    sql("UPDATE reservation SET state = 'spent', charges = NULL WHERE key = ?").run(key);
    return;
  }
  sql(
    "INSERT INTO reservation (key, state, ends) VALUES (?, 'withdrawn', ?) ON CONFLICT (key) DO UPDATE SET state = excluded.state, ends = excluded.ends, charges = NULL",
  ).run(key, now + KNOWN_SECONDS);
  for (const [counter, amount] of JSON.parse(String(known?.["charges"] ?? "[]")) as [number, number][]) {
    sql("UPDATE counter SET value = value - ? WHERE id = ?").run(amount, counter);
  }
}

const MOST_CHARGES = 1000;
const CHARGE = "a charge, { account, counter, amount, most, untilSeconds }";

/** As copies, which nobody changes while the step waits. */
function readReservation(given: Reservation): Reservation {
  const names = readNames("reserve", given);
  const { charges } = reading("reserve", "reservation", RESERVATION, given, (it) => ({ charges: it.charges }));
  if (!Array.isArray(charges) || charges.length === 0 || charges.length > MOST_CHARGES) {
    mustBe("reserve", "charges", `a list of 1 to ${MOST_CHARGES} charges`, charges);
  }
  return { ...names, charges: charges.map((charge, i) => readCharge(["charges", i], charge)) };
}

function readCharge(place: readonly PropertyKey[], given: Charge): Charge {
  const counter = readCounter("reserve", place, given);
  const numbers = reading("reserve", place.join(" "), CHARGE, given, ({ amount, most, untilSeconds }) => {
    return { amount, most, untilSeconds };
  });
  checkAmount("reserve", [...place, "amount"], numbers.amount);
  checkAmount("reserve", [...place, "most"], numbers.most);
  checkTime("reserve", [...place, "untilSeconds"], numbers.untilSeconds);
  return { ...counter, ...numbers };
}

type Named = Pick<Reservation, "id" | "owner" | "nowSeconds">;
const RESERVATION = "a reservation, { id, owner, nowSeconds }";

function readNames(called: string, given: Named): Named {
  const names = reading(called, "reservation", RESERVATION, given, ({ id, owner, nowSeconds }) => ({
    id,
    owner,
    nowSeconds,
  }));
  for (const name of ["id", "owner"] as const) {
    if (typeof names[name] !== "string") mustBe(called, name, "a text", names[name]);
  }
  checkTime(called, "nowSeconds", names.nowSeconds);
  return names;
}

function readCounter(called: string, place: readonly PropertyKey[], given: Counter): Counter {
  const read = reading(called, place.join(" "), "{ account, counter }", given, ({ account, counter }) => ({
    account,
    counter,
  }));
  for (const name of ["account", "counter"] as const) {
    if (typeof read[name] !== "string") mustBe(called, [...place, name], "a text", read[name]);
  }
  return read;
}
