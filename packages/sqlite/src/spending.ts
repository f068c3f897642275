import {
  type Charge,
  checkClocks,
  firstTooMuch,
  type Reservation,
  type Reserved,
  readStep,
  type SpendingStore,
  STORE_LIMITS,
} from "@hopwise/core/state";
import { nameOf } from "./arguments.ts";
import { unavailable } from "./faults.ts";
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
    reserve: async (...given) => {
      const [reservation] = readStep.reserve(...given);
      return store.write((at) => reserve(at, reservation));
    },
    settle: async (...given) => {
      const [reservation, how] = readStep.settle(...given);
      return store.write((at) => settle(at, reservation, how));
    },
    spent: async (...given) => {
      const [owner, counters] = readStep.spent(...given);
      const places = counters.map((counter) => placeOf(owner, counter));
      return store.read((at) => places.map((place) => countedOf(at, place)));
    },
  };
}

function reserve(at: Moment, { id, owner, charges: asked, nowSeconds }: Reservation): Reserved {
  const { sql, now } = at;
  checkClocks(now, nowSeconds, asked);
  const charges = asked.map((charge) => ({ ...charge, ...placeOf(owner, charge) }));
  const key = nameOf("reservation", owner, id);
  const known = sql("SELECT state FROM reservation WHERE key = ?").get(key);
  if (known?.["state"] === "withdrawn") return { outcome: "withdrawn" };
  if (known === undefined) {
    const refused = firstTooMuch(charges, (charge) => countedOf(at, charge));
    if (refused !== undefined) return refused;
    const added = charges.filter(({ amount }) => amount > 0);
    refuseFull(at, added);
    const counted = added.map((charge) => count(at, charge));
    sql("INSERT INTO reservation (key, state, ends, charges) VALUES (?, 'open', ?, ?)").run(
      key,
      now + KNOWN_SECONDS,
      JSON.stringify(counted),
    );
  }
  return { outcome: "reserved", spent: charges.map((charge) => countedOf(at, charge)) };
}

/** @throws {HopwiseError} where an account has as many counters as it may, and would get another */
function refuseFull(at: Moment, charges: readonly Place[]): void {
  const looked = new Set<string>();
  for (const place of charges) {
    const account = Buffer.from(place.key).toString("base64");
    // Counting takes longer the more there are: not for a counter that is there, as most are, nor twice for one account.
    if (looked.has(account) || counterAt(at, place) !== undefined) continue;
    looked.add(account);
    if (countersOf(at, place.key) >= STORE_LIMITS.counters) {
      throw unavailable(`more than ${STORE_LIMITS.counters} bounds of one budget or rate are counted`);
    }
  }
}

function countersOf({ sql, now }: Moment, key: Uint8Array): number {
  const found = sql(
    "SELECT count(*) AS n FROM counter JOIN account ON account.id = counter.account WHERE key = ? AND ends > ?",
  ).get(key, now);
  return Number(found?.["n"]);
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

function countedOf(at: Moment, place: Place): number {
  return Number(counterAt(at, place)?.["value"] ?? 0);
}

function counterAt({ sql, now }: Moment, { key, name }: Place) {
  return sql(
    "SELECT value FROM counter JOIN account ON account.id = counter.account WHERE key = ? AND ends > ? AND name = ?",
  ).get(key, now, name);
}

function placeOf(owner: string, { account, counter }: Counter): Place {
  return { key: nameOf("account", owner, account), name: JSON.stringify(counter) };
}

function settle(
  { sql, now }: Moment,
  { id, owner, nowSeconds }: Pick<Reservation, "id" | "owner" | "nowSeconds">,
  how: "spent" | "nothing_happened",
): void {
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
