/** What is said in SQL and what is said in memory, on a real database: the same rows. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { conditions, rows, things } from "./random.fixture.ts";
import { toPredicate } from "./to-predicate.ts";
import { toSql } from "./to-sql.ts";

const sqlite = await import("node:sqlite").catch(() => undefined);
const RUNS = process.env["HOPWISE_RUNS"] === "full" ? 20_000 : 400;
const COLUMNS = ["id", ...Object.values(things.columns).map(({ name }) => name)];
const NAMES = COLUMNS.map((name) => `"${name}"`).join(", ");

describe.skipIf(sqlite === undefined)("SQLite (node:sqlite, which this Node has not where this is skipped)", () => {
  const db = new (sqlite as NonNullable<typeof sqlite>).DatabaseSync(":memory:");
  // Without types, so that every cell stays what it is; and with the worst collation that there is.
  db.exec(
    `CREATE TABLE things (number INTEGER PRIMARY KEY, ${COLUMNS.map((name) => `"${name}" COLLATE NOCASE`).join(", ")})`,
  );
  const insert = db.prepare(`INSERT INTO things (${NAMES}) VALUES (${COLUMNS.map(() => "?").join(", ")})`);

  const fill = (given: readonly { readonly [column: string]: unknown }[]): void => {
    db.exec("DELETE FROM things");
    for (const row of given) insert.run(...COLUMNS.map((name) => row[name] as never));
  };

  it("shows the very rows that the predicate lets pass", () => {
    fc.assert(
      fc.property(
        fc.array(conditions, { minLength: 8, maxLength: 8 }),
        fc.array(rows, { minLength: 12, maxLength: 12 }),
        (some, given) => {
          fill(given);
          const all = db.prepare("SELECT * FROM things ORDER BY number").all() as readonly {
            readonly number: number;
          }[];
          for (const condition of some) {
            const { text, values } = toSql(condition, things, { dialect: "sqlite" });
            const shown = db
              .prepare(`SELECT number FROM things WHERE ${text} ORDER BY number`)
              .all(...(values as never[]));
            const passed = all.filter(toPredicate(condition, things));
            expect(
              shown.map(({ number }) => number),
              JSON.stringify({ condition, text, values }),
            ).toEqual(passed.map(({ number }) => number));
          }
        },
      ),
      { numRuns: RUNS },
    );
  });
});
