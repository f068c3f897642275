import type { JsonObject } from "@hopwise/core/adapter";
import { mapOf, mustBe, noteMadeHere, optionsOf, type Rows, such } from "@hopwise/core/options";
import { type Column, isColumn } from "./column.ts";
import { isName, NAME } from "./names.ts";
import { resourceIn } from "./resource-of.ts";

/** What {@link table} takes. */
export interface TableOptions {
  /** The resource's id, which policies call `R.id`: a column of text that is never NULL. */
  readonly id: Column;
  /** A column for each attribute that conditions name and policies see. What is not mapped is refused, never guessed. */
  readonly columns: { readonly [attribute: string]: Column };
}

/** A column with its name. */
export type NamedColumn = Column & { readonly name: string };

/** A table or a view, as policies see its rows. */
export interface Table {
  readonly id: NamedColumn;
  readonly columns: { readonly [attribute: string]: NamedColumn };
  /**
   * What policies see of a row, as the driver gives it: absent columns left out, numbers as doubles, times as RFC 3339 with
   * all their digits, lists read.
   *
   * @throws {HopwiseError} `attributes_invalid` for a row that does not fit its columns; it names the column, never the value
   */
  resourceOf(row: object): { readonly id: string; readonly attributes: JsonObject };
}

const TABLES = new WeakSet<object>();

export function isTable(value: unknown): value is Table {
  return TABLES.has(Object(value));
}

const COLUMNS: Rows<TableOptions> = {
  id: such(
    "a column of text that is never NULL, such as text()",
    (it) => isColumn(it) && it.type === "text" && it.null === undefined,
  ),
  columns: mapOf(such("a column, such as text() or number()", isColumn), "an object with a column for each attribute"),
};
const read = optionsOf<TableOptions>("table", COLUMNS);

/**
 * Says which column holds which attribute. It is read once, and frozen.
 *
 * @throws {HopwiseError} `config_invalid` for columns that cannot be right
 */
export function table(options: TableOptions): Table {
  const { id, columns } = read(options);
  const own: Table = Object.freeze({
    id: withName(id, "id", ["id"]),
    columns: Object.freeze(
      Object.fromEntries(
        Object.entries(columns).map(([attribute, column]) => [
          attribute,
          withName(column, attribute, ["columns", attribute]),
        ]),
      ),
    ),
    resourceOf: (row: object) => resourceIn(own, row),
  });
  TABLES.add(own);
  noteMadeHere(own);
  return own;
}

/** An attribute may have any name, and a column may not. */
function withName(column: Column, attribute: string, place: readonly string[]): NamedColumn {
  const { name = attribute } = column;
  if (!isName(name)) mustBe("table", [...place, "name"], NAME, attribute);
  return Object.freeze({ ...column, name });
}
