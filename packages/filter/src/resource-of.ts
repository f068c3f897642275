import { HopwiseError } from "@hopwise/core";
import { inOwnWords, type JsonObject, type JsonValue } from "@hopwise/core/adapter";
import { reading } from "@hopwise/core/options";
import { type Cell, cellOf, MISFIT } from "./cell.ts";
import type { ColumnType } from "./column.ts";
import type { NamedColumn, Table } from "./table.ts";

export const ROW = "a row, as an object of columns";

/** What policies see of a row. */
export function resourceIn(table: Table, row: unknown): { readonly id: string; readonly attributes: JsonObject } {
  return reading("resourceOf", "row", ROW, row, (given) => {
    const read = given as object;
    const attributes = Object.entries(table.columns).flatMap(([name, column]): (readonly [string, JsonValue])[] => {
      const value = jsonOf(read, column);
      return value === undefined ? [] : [[name, value]];
    });
    return { id: jsonOf(read, table.id) as string, attributes: Object.fromEntries(attributes) };
  });
}

/** The value of a column as JSON; `undefined` where it is absent. */
function jsonOf(row: object, column: NamedColumn): JsonValue | undefined {
  const cell = cellOf(row, column.name, column);
  if (cell === MISFIT || (Array.isArray(cell) && cell.includes(undefined))) throw misfit(row, column);
  return column.type === "timestamp" && typeof cell === "string" ? `${cell}Z` : (cell as Cell & JsonValue);
}

/** What a column of each type must hold. */
const EXPECTED: { readonly [Type in ColumnType]: string } = {
  text: 'a text; a number is one where it says stored: "integer"',
  number: 'a finite number; a text is one where it says stored: "bigint" or "numeric"',
  boolean: "true or false",
  timestamp: "a time of RFC 3339 in UTC, or a Date where it says milliseconds: true",
  list: "a list of its type",
};

function misfit(row: object, column: NamedColumn): HopwiseError {
  const named = `the column ${JSON.stringify(column.name)}`;
  const pointer = `/${column.name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  // The query's fault, and so that of every row.
  if (!Object.hasOwn(row, column.name)) {
    return inOwnWords(new HopwiseError("config_invalid", `${named} is not in the row; select it`, { pointer }));
  }
  const problem =
    (row as { readonly [name: string]: unknown })[column.name] === null
      ? "is NULL; say what that stands for, by null"
      : `must be ${EXPECTED[column.type]}`;
  return inOwnWords(new HopwiseError("attributes_invalid", `${named} ${problem}`, { pointer }));
}
