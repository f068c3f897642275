import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { attr, call, value, where } from "./expressions.fixture.ts";
import { table, text, timestamp, toPredicate, toSql } from "./index.ts";

const sqlite = await import("node:sqlite").catch(() => undefined);

/** The rows of the README's table: how ORMs store a time, and what a view makes of that. */
const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const ROWS = Array.from(
  README.slice(README.indexOf("### Times in SQLite"), README.indexOf("## What an operator means")).matchAll(
    /^\| (.*) \| (.*) \| (as it is|`(.*)`) \|$/gm,
  ),
  ([, by = "", as = "", , inView = "made"]) => ({ by, as, inView: inView.replaceAll("\\|", "|") }),
);

/** The same time as each of them stores it; a row of the page without one here fails. */
const STORED: { readonly [as: string]: { readonly type: string; readonly made: string | number } } = {
  "a number of milliseconds": { type: "datetime", made: Date.UTC(2026, 6, 1, 10) },
  "a number of seconds": { type: "integer", made: Date.UTC(2026, 6, 1, 10) / 1000 },
  "`2026-07-01 10:00:00.500`, in UTC": { type: "datetime", made: "2026-07-01 10:00:00.000" },
  "`2026-07-01 10:00:00.500 +00:00`": { type: "datetime", made: "2026-07-01 10:00:00.000 +00:00" },
};

describe.skipIf(sqlite === undefined)(
  "a time that an ORM stores in SQLite (this Node has it not where this is skipped)",
  () => {
    it.each(ROWS)("by $by is known in the view that the page names", ({ as, inView }) => {
      if (sqlite === undefined) return;
      const database = new sqlite.DatabaseSync(":memory:");
      const { type, made } = STORED[as] as (typeof STORED)[string];
      database.exec(
        `CREATE TABLE orders (id TEXT, made ${type}); CREATE VIEW seen AS SELECT id, ${inView} AS made FROM orders`,
      );
      database.prepare("INSERT INTO orders VALUES ('1', ?)").run(made);
      const orders = table({ id: text(), columns: { made: timestamp() } });
      const time = call("timestamp", value("2026-07-01T10:00:00Z"));
      const condition = where(call("eq", call("timestamp", attr("made")), time));
      const { text: written, values } = toSql(condition, orders, { dialect: "sqlite" });
      const found = database.prepare(`SELECT * FROM seen WHERE ${written}`).all(...(values as never[]));
      expect(found.filter(toPredicate(condition, orders))).toHaveLength(1);
      expect(orders.resourceOf(found[0] as object).attributes).toEqual({ made: "2026-07-01T10:00:00Z" });
      database.close();
    });

    it("stands in as many rows of the page as there are here", () => {
      expect(ROWS.map(({ as }) => as)).toEqual(Object.keys(STORED));
    });
  },
);
