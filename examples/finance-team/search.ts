/** The search over invoices: one tool, of which every caller sees the rows that everybody in their chain may read. */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { currentFilter } from "@hopwise/fastmcp";
import { number, type SqlCondition, table, text, visibleRows } from "@hopwise/filter";
import type { FastMCP } from "fastmcp";
import { z } from "zod";
import { invoices } from "./company.ts";

/** Which column holds which attribute of an invoice. */
const TABLE = table({
  id: text(),
  columns: { region: text(), supplier: text(), amount: number(), iban: text(), text: text() },
});

/**
 * Adds the tool to a server.
 *
 * @param asked takes the condition of each search, for the story to look at
 */
export function addSearch(server: FastMCP, asked: (condition: SqlCondition) => void): void {
  const database = filled();
  server.addTool({
    name: "search_invoices",
    description: "Searches invoices",
    parameters: z.object({ text: z.string(), supplier: z.string().optional() }),
    execute: async ({ text: word, supplier }) => {
      const found = await visibleRows(currentFilter(), TABLE, { dialect: "sqlite" }, (condition) => {
        asked(condition);
        const sql = `SELECT * FROM invoices WHERE ${condition.text} AND instr(text, ?) AND supplier = ifnull(?, supplier)`;
        return database.prepare(sql).all(...(condition.values as readonly SQLInputValue[]), word, supplier ?? null);
      });
      return JSON.stringify(found);
    },
  });
}

function filled(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  const columns =
    "id TEXT NOT NULL, region TEXT NOT NULL, supplier TEXT NOT NULL, amount REAL NOT NULL, iban TEXT NOT NULL, text TEXT NOT NULL";
  database.exec(`CREATE TABLE invoices (${columns}) STRICT`);
  const insert = database.prepare("INSERT INTO invoices VALUES (?, ?, ?, ?, ?, ?)");
  for (const [id, { region, supplier, amount, iban, text: body }] of Object.entries(invoices))
    insert.run(id, region, supplier, amount, iban, body);
  return database;
}
