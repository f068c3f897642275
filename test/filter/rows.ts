/**
 * One table in two databases, with what makes them differ: collations that take one letter for another, columns that are NULL
 * for one reason or another, numbers at the edges, times finer than a `Date`.
 */
import { boolean, list, number, type Table, table, text, timestamp } from "@hopwise/filter";
import fc from "fast-check";
import { type Postgres, startPostgres } from "../support/postgres.ts";

export const THINGS: Table = table({
  id: text(),
  columns: {
    region: text(),
    owner: text("owner_name", { null: "absent" }),
    note: text({ null: "null" }),
    amount: number(),
    bonus: number({ null: "absent", stored: "bigint" }),
    fee: number({ null: "null", stored: "numeric" }),
    paid: boolean(),
    open: boolean({ null: "absent" }),
    late: boolean({ null: "null" }),
    due: timestamp(),
    closed: timestamp({ null: "absent" }),
    tags: list("text"),
    marks: list("text", { null: "absent" }),
    counts: list("number", { null: "absent" }),
    "x-y": text({ null: "absent" }),
  },
});

/** A row as it is written: columns by their names, lists as JSON. */
export type WrittenRow = { readonly [column: string]: string | number | boolean | null };

const TEXTS = "EMEA emea EMEA\u00a0 AMER a A ab b ä a\u0308 Ä z 😀 \ufffd \ue000 % _ a% null 10 x' '--";
export const SOME_TEXTS: readonly string[] = [
  ...TEXTS.split(" "),
  "",
  " ",
  "a ",
  " a",
  "EMEA ",
  "'; DROP TABLE things; --",
  '"',
  "\\",
  "a\nb",
];
export const SOME_NUMBERS: readonly number[] = [
  0,
  -0,
  1,
  -1,
  5,
  10,
  1.5,
  0.1,
  0.1 + 0.2,
  0.3,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 53),
  1e21,
  1e308,
  5e-324,
  -1e308,
  1000,
];
const SOME_INTEGERS = [0, 1, -1, 5, 10, 1000, 2 ** 53 - 1];
export const SOME_TIMES: readonly string[] = [
  "2026-01-01T00:00:00Z",
  "2026-01-01T00:00:00.5Z",
  "2026-01-01T00:00:00.123456Z",
  "2025-12-31T23:59:59.999999Z",
  "0001-01-01T00:00:00Z",
  "9999-12-31T23:59:59Z",
];

const one = <T>(of: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...of);
const or = <T>(it: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 3, arbitrary: it }, fc.constant(null));
/** Few of them often, so that conditions hold for some rows. */
const someText = fc.oneof({ weight: 2, arbitrary: one(["EMEA", "a", "ä"]) }, { weight: 3, arbitrary: one(SOME_TEXTS) });
const someNumber = fc.oneof({ weight: 1, arbitrary: one([1, 5, 10]) }, { weight: 2, arbitrary: one(SOME_NUMBERS) });
const listOf = (element: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  fc.array(element, { maxLength: 3 }).map((it) => JSON.stringify(it));

const columns = {
  region: someText,
  owner_name: someText,
  note: someText,
  amount: someNumber,
  bonus: one(SOME_INTEGERS),
  fee: someNumber,
  paid: fc.boolean(),
  open: fc.boolean(),
  late: fc.boolean(),
  due: one(SOME_TIMES),
  closed: one(SOME_TIMES),
  tags: listOf(someText),
  marks: listOf(fc.oneof({ weight: 6, arbitrary: someText }, fc.constant(null))),
  counts: listOf(fc.oneof({ weight: 6, arbitrary: someNumber }, fc.constant(null))),
  "x-y": someText,
};
const MAY_BE_NULL = Object.values(THINGS.columns).flatMap((it) => (it.null === undefined ? [] : [it.name]));

/** Half of the rows have all that they can have. */
const someRow = fc
  .boolean()
  .chain((full) =>
    fc.record(
      Object.fromEntries(
        Object.entries<fc.Arbitrary<string | number | boolean>>(columns).map(([name, it]) => [
          name,
          full || !MAY_BE_NULL.includes(name) ? it : or(it),
        ]),
      ),
    ),
  );

/** The same without integers that a double holds only by chance: the second check takes none of a row that has one. */
export function someExactRows(count: number, seed: number): readonly WrittenRow[] {
  const isExact = (value: unknown): boolean =>
    typeof value !== "number" || !Number.isInteger(value) || Number.isSafeInteger(value);
  return someRows(count, seed).map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        if (name === "counts" && typeof value === "string") {
          return [name, JSON.stringify((JSON.parse(value) as readonly unknown[]).filter(isExact))];
        }
        return [name, isExact(value) ? value : 5];
      }),
    ),
  );
}

export function someRows(count: number, seed: number): readonly WrittenRow[] {
  return fc.sample(someRow, { numRuns: count, seed }).map((row, i) => ({ id: `r${i}`, ...row }));
}

const TYPES: { readonly [column: string]: { readonly postgres: string; readonly sqlite: string } } = {
  // A collation for which EMEA is emea, and one of a dictionary.
  region: { postgres: "text COLLATE caseless NOT NULL", sqlite: "TEXT COLLATE NOCASE NOT NULL" },
  owner_name: { postgres: "varchar(100)", sqlite: "TEXT COLLATE RTRIM" },
  note: { postgres: "text", sqlite: "TEXT" },
  amount: { postgres: "float8 NOT NULL", sqlite: "REAL NOT NULL" },
  bonus: { postgres: "bigint", sqlite: "INTEGER" },
  fee: { postgres: "numeric", sqlite: "REAL" },
  paid: { postgres: "boolean NOT NULL", sqlite: "INTEGER NOT NULL" },
  open: { postgres: "boolean", sqlite: "INTEGER" },
  late: { postgres: "boolean", sqlite: "INTEGER" },
  due: { postgres: "timestamptz NOT NULL", sqlite: "TEXT NOT NULL" },
  closed: { postgres: "timestamptz", sqlite: "TEXT" },
  tags: { postgres: "jsonb NOT NULL", sqlite: "TEXT NOT NULL" },
  marks: { postgres: "jsonb", sqlite: "TEXT" },
  counts: { postgres: "jsonb", sqlite: "TEXT" },
  "x-y": { postgres: "text", sqlite: "TEXT" },
};
const NAMES = ["id", ...Object.keys(TYPES)];
const QUOTED = NAMES.map((name) => `"${name}"`).join(", ");

/** A database with the table. */
export interface Database {
  readonly dialect: "postgres" | "sqlite";
  /** All rows, in their order, as the driver gives them. */
  readonly rows: readonly { readonly [column: string]: unknown }[];
  /** The places of the rows that fulfil a condition. */
  shown(where: string, values: readonly unknown[]): Promise<readonly number[]>;
  close(): Promise<void>;
}

export async function fillPostgres(written: readonly WrittenRow[]): Promise<Database> {
  const postgres = await startPostgres();
  await postgres.query("CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
  const types = Object.entries(TYPES).map(([name, { postgres: type }]) => `"${name}" ${type}`);
  await postgres.query(`CREATE TABLE things (place int PRIMARY KEY, id text NOT NULL, ${types.join(", ")})`);
  for (const [place, row] of written.entries()) await insert(postgres, place, row);
  return {
    dialect: "postgres",
    rows: await postgres.query(`SELECT ${QUOTED} FROM things ORDER BY place`),
    shown: async (where, values) =>
      (await postgres.query(`SELECT place FROM things i WHERE ${where} ORDER BY place`, values)).map((it) =>
        Number(it["place"]),
      ),
    close: postgres.close,
  };
}

function insert(postgres: Postgres, place: number, row: WrittenRow): Promise<unknown> {
  const values = NAMES.map((name, i) =>
    TYPES[name]?.postgres.startsWith("numeric") ? `$${i + 2}::float8::text::numeric` : `$${i + 2}`,
  );
  return postgres.query(`INSERT INTO things (place, ${QUOTED}) VALUES ($1, ${values.join(", ")})`, [
    place,
    ...NAMES.map((name) => row[name]),
  ]);
}

/** @returns undefined where this Node has no SQLite */
export async function fillSqlite(written: readonly WrittenRow[]): Promise<Database | undefined> {
  const sqlite = await import("node:sqlite").catch(() => undefined);
  if (sqlite === undefined) return undefined;
  const database = new sqlite.DatabaseSync(":memory:");
  const types = Object.entries(TYPES).map(([name, { sqlite: type }]) => `"${name}" ${type}`);
  database.exec(`CREATE TABLE things (place INTEGER PRIMARY KEY, id TEXT NOT NULL, ${types.join(", ")})`);
  const statement = database.prepare(
    `INSERT INTO things (place, ${QUOTED}) VALUES (?, ${NAMES.map(() => "?").join(", ")})`,
  );
  for (const [place, row] of written.entries()) {
    const values = NAMES.map((name) => (typeof row[name] === "boolean" ? Number(row[name]) : (row[name] ?? null)));
    statement.run(place, ...values);
  }
  return {
    dialect: "sqlite",
    rows: database.prepare(`SELECT ${QUOTED} FROM things ORDER BY place`).all() as never,
    shown: async (where, values) =>
      database
        .prepare(`SELECT place FROM things i WHERE ${where} ORDER BY place`)
        .all(...(values as never[]))
        .map((it) => Number(it["place"])),
    close: async () => database.close(),
  };
}
