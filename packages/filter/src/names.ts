import { type Sql, sql, verbatim } from "./sql.ts";

/** A database that conditions are written for. */
export type Dialect = "postgres" | "sqlite";

/** What is written otherwise in each dialect: where one is missing, it does not compile. */
export type InEach<Written> = { readonly [D in Dialect]: Written };

/** What is written alike in every dialect. */
export function alike<Written>(written: Written): InEach<Written> {
  return { postgres: written, sqlite: written };
}

const MARKS: InEach<string> = { postgres: '"', sqlite: "`" };

export const DIALECTS: readonly [Dialect, ...Dialect[]] = Object.keys(MARKS) as [Dialect, ...Dialect[]];

/** PostgreSQL cuts a longer name, without a word, and would read another column. */
const LONGEST_NAME_BYTES = 63;

/** Names within what is written here. A column with such a name would be taken for one of them. */
const OWN = /^hopwise_/i;

export const NAME = "a name of at most 63 bytes that does not begin with hopwise_, such as invoice_id";

/** Whether a text can be the name of a column or a table in every dialect. */
export function isName(text: string): boolean {
  return (
    text !== "" &&
    !OWN.test(text) &&
    !text.includes("\0") &&
    text.isWellFormed() &&
    new TextEncoder().encode(text).length <= LONGEST_NAME_BYTES
  );
}

export const TABLE_NAME: string = `${NAME}, or a schema's name, a dot, and the table's, such as public.invoice`;

/** Whether a text can be the name of a table, with that of its schema before it. */
export function isTableName(text: string): boolean {
  const parts = text.split(".");
  return parts.length <= 2 && parts.every(isName);
}

/** The quoted name of a table, each part by itself: within one pair of marks a dot would be a letter of the name. */
export function quotedTable(name: string, dialect: Dialect): Sql {
  const [first = "", second] = name.split(".");
  const own = quoted(first, dialect);
  return second === undefined ? own : sql`${own}.${quoted(second, dialect)}`;
}

/**
 * A quoted name. In SQLite by backticks: a name in double quotes that is no column is taken there for a text, so that a
 * missing column would be a value that is the same in every row.
 */
export function quoted(name: string, dialect: Dialect): Sql {
  const mark = MARKS[dialect];
  return verbatim(`${mark}${name.replaceAll(mark, mark + mark)}${mark}`);
}
