import { HopwiseError } from "@hopwise/core";
import { inOwnWords, type JsonObject, type JsonValue } from "@hopwise/core/adapter";
import { reading } from "@hopwise/core/options";
import { asWritten } from "./as-written.ts";
import { type Cell, cellOf, MISFIT } from "./cell.ts";
import { type Misfit, misfitAt, pointerOf } from "./misfit.ts";
import type { NamedColumn, Table } from "./table.ts";

export const ROW = "a row, as an object of columns";

/** What policies see of a row. */
export interface Resource {
  readonly id: string;
  readonly attributes: JsonObject;
}

/** What policies see of a row, for whoever wants to know why it is not shown. */
export function resourceIn(table: Table, row: unknown): Resource {
  return reading("resourceOf", "row", ROW, row, (given) => {
    const { resource, misfits } = readResource(table, asWritten(given) as object);
    const [first] = misfits;
    if (first === undefined) return resource;
    const { column, problem, isMissing } = first;
    // The query's fault, and so that of every row.
    const code = isMissing === true ? "config_invalid" : "attributes_invalid";
    const message = `the column ${JSON.stringify(column)} ${problem}`;
    throw inOwnWords(new HopwiseError(code, message, { pointer: pointerOf(String(column)) }));
  });
}

/** Reads every column: a row may misfit at several, and the first need not be the one at which all rows do. */
export function readResource(
  table: Table,
  row: object,
): { readonly resource: Resource; readonly misfits: readonly Misfit[] } {
  const misfits: Misfit[] = [];
  const attributes = Object.entries(table.columns).flatMap(([name, column]): (readonly [string, JsonValue])[] => {
    const value = jsonOf(row, column, misfits);
    return value === undefined ? [] : [[name, value]];
  });
  const id = jsonOf(row, table.id, misfits) as string;
  return { resource: { id, attributes: Object.fromEntries(attributes) }, misfits };
}

/** The value of a column as JSON; `undefined` where it is absent, and where it is noted that it does not fit. */
function jsonOf(row: object, column: NamedColumn, misfits: Misfit[]): JsonValue | undefined {
  const cell = cellOf(row, column.name, column);
  if (cell !== MISFIT && !(Array.isArray(cell) && cell.includes(undefined))) {
    return column.type === "timestamp" && typeof cell === "string" ? `${cell}Z` : (cell as Cell & JsonValue);
  }
  misfits.push(misfitAt(row, column));
  return undefined;
}
