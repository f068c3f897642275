/** What is said in SQL and what is said in memory, on a real database: the same rows. */

import type { RowExpression } from "@hopwise/core/filter";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ran } from "../../../test/support/ran.ts";
import { conditions, expressions, oddRows, rows, things } from "./random.fixture.ts";
import { toPredicate } from "./to-predicate.ts";
import { toSql } from "./to-sql.ts";

const sqlite = await import("node:sqlite").catch(() => undefined);
const RUNS = process.env["HOPWISE_RUNS"] === "full" ? 5000 : 200;
const COLUMNS = ["id", ...Object.values(things.columns).map(({ name }) => name)];
/** Not mapped: words that SQLite takes for columns, once there are such. They say the opposite in one row and in the next. */
const WORDS = ["true", "false"];
const ALL = [...COLUMNS, ...WORDS];
const NAMES = ALL.map((name) => `"${name}"`).join(", ");

describe.skipIf(sqlite === undefined)("SQLite (node:sqlite, which this Node has not where this is skipped)", () => {
  const db = new (sqlite as NonNullable<typeof sqlite>).DatabaseSync(":memory:");
  // Without types, so that every cell stays what it is; and with the worst collation that there is.
  db.exec(
    `CREATE TABLE things (number INTEGER PRIMARY KEY, ${ALL.map((name) => `"${name}" COLLATE NOCASE`).join(", ")})`,
  );
  const insert = db.prepare(`INSERT INTO things (${NAMES}) VALUES (${ALL.map(() => "?").join(", ")})`);

  const fill = (given: readonly { readonly [column: string]: unknown }[]): void => {
    db.exec("DELETE FROM things");
    for (const [i, row] of given.entries()) {
      insert.run(...COLUMNS.map((name) => row[name] as never), ...(i % 2 === 0 ? [0, 1] : [null, null]));
    }
  };

  /** As the driver gives them; integers as BigInt, since some have more digits than a number. */
  const select = (where: string, values: readonly unknown[]): readonly { readonly number: bigint }[] => {
    const statement = db.prepare(`SELECT * FROM things WHERE ${where} ORDER BY number`);
    statement.setReadBigInts(true);
    return statement.all(...(values as never[])) as never;
  };

  it.each([
    ["whatever is null or absent in them", rows],
    ["also where cells do not fit their columns", oddRows],
  ])("shows the very rows that the predicate lets pass, %s", (_, kind) => {
    let shown = 0;
    fc.assert(
      fc.property(
        fc.array(conditions, { minLength: 8, maxLength: 8 }),
        fc.array(kind, { minLength: 12, maxLength: 12 }),
        (some, given) => {
          fill(given);
          const all = select("1", []);
          for (const condition of some) {
            const { text, values } = toSql(condition, things, { dialect: "sqlite" });
            const found = select(text, values).map(({ number }) => number);
            const passed = all.filter(toPredicate(condition, things)).map(({ number }) => number);
            expect(found, JSON.stringify({ condition, text, values })).toEqual(passed);
            shown += found.length;
            ran("conditions on twelve rows");
          }
        },
      ),
      { numRuns: RUNS },
    );
    // Neither all of them nor none.
    expect(shown).toBeGreaterThan(RUNS * 8);
    expect(shown).toBeLessThan(RUNS * 80);
  });

  it("shows less with `weak` than without, and no row that NOT shows, too", () => {
    fc.assert(
      fc.property(
        fc.array(expressions, { minLength: 8, maxLength: 8 }),
        fc.array(rows, { minLength: 12, maxLength: 12 }),
        (some, given) => {
          fill(given);
          for (const expression of some) {
            const numbers = (it: RowExpression, unknown: "sql" | "weak"): readonly bigint[] => {
              const { text, values } = toSql({ expression: it, required: [], unknown }, things, { dialect: "sqlite" });
              return select(text, values).map(({ number }) => number);
            };
            const not: RowExpression = { operator: "not", operands: [expression] };
            const wide = numbers(expression, "sql");
            expect(wide).toEqual(expect.arrayContaining([...numbers(expression, "weak")]));
            expect(numbers(not, "sql").filter((number) => wide.includes(number))).toEqual([]);
          }
        },
      ),
      { numRuns: RUNS / 4 },
    );
  });
});
