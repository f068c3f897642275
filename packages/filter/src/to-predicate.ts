import type { RowCondition } from "@hopwise/core/filter";
import { isObject, mustBe, reading } from "@hopwise/core/options";
import { readWritten } from "./as-written.ts";
import { readCondition } from "./read-condition.ts";
import { ROW } from "./resource-of.ts";
import { isTable, type Table } from "./table.ts";

/**
 * The same condition for rows in memory, as the database's driver gives them. A row that does not have the type of a column
 * in it is one of which nothing is known there, as in SQL.
 *
 * @throws {HopwiseError} `filter_unsupported` for what cannot be said of the table; `config_invalid` for what is no condition
 */
export function toPredicate(condition: RowCondition, table: Table): (row: object) => boolean {
  if (!isTable(table)) return mustBe("toPredicate", "table", "what table() gave", table);
  const { rows, required } = readCondition("toPredicate", condition, table);
  const passes = (row: object): boolean => {
    const isThere = required.every(({ name }) => (Object.hasOwn(row, name) ? cellIn(row, name) : null) !== null);
    return isThere && (typeof rows === "boolean" ? rows : rows.memory({ row, elements: [] }) === true);
  };
  // Of a model the condition is asked about what is shown of it, and checked.
  return (row) =>
    reading("toPredicate", "row", ROW, row, (given) => {
      const written = readWritten(given);
      return isObject(written) && passes(written);
    });
}

function cellIn(row: object, name: string): unknown {
  return (row as { readonly [column: string]: unknown })[name] ?? null;
}
