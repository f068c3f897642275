import { HopwiseError } from "@hopwise/core";
import { fulfil } from "@hopwise/core/adapter";
import { type Filter, isFilter } from "@hopwise/core/filter";
import { mustBe } from "@hopwise/core/options";
import { isTable, type Table } from "./table.ts";
import { toPredicate } from "./to-predicate.ts";
import { type SqlCondition, type SqlOptions, toSql } from "./to-sql.ts";

/** How the rows are read: by SQL, or out of a list in memory. */
export type ReadBy = SqlOptions | { readonly dialect: "memory" };

/** What the query gets: a condition for a `WHERE` with its parameters, or a function that tells it of each row. */
export type Where<By extends ReadBy> = By extends { readonly dialect: "memory" }
  ? (row: object) => boolean
  : SqlCondition;

type Awaitable<T> = T | PromiseLike<T>;

/**
 * The one read of a tool that gives rows: takes the filter's condition, reads by it, and gives the rows that the second check
 * let pass, changed as policies oblige to. The query selects the columns that the table names, at least; a row that lacks
 * one cannot be checked.
 *
 * @example
 * ```ts
 * // in a tool's execute, on a FastMCP server or in an AI SDK loop
 * const found = await visibleRows(currentFilter(), invoices, { dialect: "postgres" }, async ({ text, values }) =>
 *   (await db.query(`SELECT * FROM invoice WHERE ${text} ORDER BY due LIMIT 50`, values)).rows);
 * ```
 *
 * @param filter of the allowed call: `currentFilter()` in a tool, `filter` of a decision elsewhere
 * @param query asked once; what it throws is thrown on
 * @throws {HopwiseError} `config_invalid` without a filter, or for a query that gives no list; `filter_unsupported`;
 *   `attributes_invalid` for a row that does not fit the table; and what {@link Filter.take} and {@link Filter.check} throw
 */
export async function visibleRows<Row extends object, const By extends ReadBy>(
  filter: Filter | undefined,
  table: Table,
  by: By,
  query: (where: Where<By>) => Awaitable<readonly Row[]>,
): Promise<readonly Row[]> {
  if (filter === undefined) {
    throw new HopwiseError(
      "config_invalid",
      "visibleRows: there is no filter: no call runs here, or the tool map's entry of its tool has no filter, such as filter: { arguments: {} }",
    );
  }
  if (!isFilter(filter))
    mustBe("visibleRows", "filter", "the filter of an allowed call, such as currentFilter()", filter);
  if (!isTable(table)) mustBe("visibleRows", "table", "a table, such as table({ id: text(), columns: { … } })", table);
  if (typeof query !== "function") mustBe("visibleRows", "query", "a function that reads rows", query);
  const condition = filter.take();
  const where = by.dialect === "memory" ? toPredicate(condition, table) : toSql(condition, table, by as SqlOptions);
  const rows: unknown = await query(where as Where<By>);
  if (!Array.isArray(rows)) mustBe("visibleRows", "query", "a function that gives a list of rows", rows);
  const read = [...(rows as readonly Row[])];
  const checked = await filter.check(read.map((row) => table.resourceOf(row)));
  return read.flatMap((row, i) => {
    const passed = checked[i];
    if (passed === undefined) return [];
    return [passed.obligations === undefined ? row : (fulfil(passed.obligations, { ...row }).result as Row)];
  });
}
