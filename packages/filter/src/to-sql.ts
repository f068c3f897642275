import type { RowCondition } from "@hopwise/core/filter";
import { choice, maybe, mustBe, optionsOf, type Rows, text, whole } from "@hopwise/core/options";
import { DIALECTS, type Dialect, type InEach, isTableName, quotedTable, TABLE_NAME } from "./names.ts";
import { hasValue, readCondition } from "./read-condition.ts";
import { type Rendered, render, type Sql, sql } from "./sql.ts";
import { isTable, type Table } from "./table.ts";
import type { Place } from "./term.ts";
import { FALSE, isTrue, TRUE } from "./truth.ts";

/** Options of {@link toSql}; `dialect` is required. */
export interface SqlOptions {
  readonly dialect: Dialect;
  /**
   * The table's name or alias in the query, where columns of other tables stand beside its own; with the schema's name and a
   * dot before it, where the query says it so.
   */
  readonly from?: string;
  /**
   * The number of the first parameter, where the query has others before: PostgreSQL alone, since those of SQLite have none.
   *
   * @defaultValue 1
   */
  readonly parametersFrom?: number;
}

/** A condition as SQL: one expression in parentheses, and the values of its parameters. */
export interface SqlCondition extends Rendered {}

/** PostgreSQL has no more. */
const MOST_PARAMETERS = 65_535;

const OPTIONS: Rows<SqlOptions> = {
  dialect: choice(...DIALECTS),
  from: maybe(text(TABLE_NAME, isTableName)),
  parametersFrom: maybe(whole({ min: 1, max: MOST_PARAMETERS, example: 1 })),
};
const read = optionsOf<SqlOptions>("toSql", OPTIONS);

/**
 * Writes a condition for the `WHERE` of a query. All values are parameters; nothing of a policy stands in the text but what
 * the table itself maps.
 *
 * @throws {HopwiseError} `filter_unsupported` for what cannot be said of the table; `config_invalid` for options that cannot
 *   be right
 */
export function toSql(condition: RowCondition, table: Table, options: SqlOptions): SqlCondition {
  const { dialect, from, parametersFrom = 1 } = read(options);
  const { numbered, mark } = PARAMETERS[dialect];
  if (!numbered && parametersFrom !== 1) {
    const must = `left out for "${dialect}", whose parameters have no numbers`;
    return mustBe("toSql", "parametersFrom", must, parametersFrom);
  }
  const place = { dialect, from: from === undefined ? undefined : quotedTable(from, dialect) };
  return render(writeCondition("toSql", condition, table, place), (index) => mark(parametersFrom + index));
}

const PARAMETERS: InEach<{ readonly numbered: boolean; readonly mark: (number: number) => string }> = {
  postgres: { numbered: true, mark: (number) => `$${number}` },
  sqlite: { numbered: false, mark: () => "?" },
};

/** The whole condition. Only out here is what is not known taken for false: within, `NOT` would make it true. */
export function writeCondition(called: string, condition: RowCondition, table: Table, place: Place): Sql {
  if (!isTable(table)) return mustBe(called, "table", "what table() gave", table);
  const { rows, required } = readCondition(called, condition, table);
  const whole = typeof rows === "boolean" ? (rows ? TRUE : FALSE) : isTrue(rows.sql(place), place);
  const parts = required.reduce((before, column) => sql`${before} AND ${hasValue(column, place)}`, whole);
  return ONLY_HERE[place.dialect](sql`(${parts})`);
}

/**
 * A text for one database must not run on another one. In MySQL a name in double quotes is a text, so that `NOT "paid"` held of
 * every row; it knows no `::`, and of a boolean PostgreSQL makes nothing by this cast. A backtick is no mark elsewhere but in
 * MySQL, which knows no `IS 1`.
 */
const ONLY_HERE: InEach<(condition: Sql) => Sql> = {
  postgres: (condition) => sql`(${condition}::boolean)`,
  sqlite: (condition) => condition,
};
