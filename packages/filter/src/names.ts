import { type Sql, verbatim } from "./sql.ts";

/** A database that conditions are written for. */
export type Dialect = "postgres" | "sqlite";

/** PostgreSQL cuts a longer name, without a word, and would read another column. */
const LONGEST_NAME_BYTES = 63;

export const NAME = "a name of at most 63 bytes, such as invoice_id";

/** Whether a text can be the name of a column or a table in both dialects. */
export function isName(text: string): boolean {
  return (
    text !== "" &&
    !text.includes("\0") &&
    text.isWellFormed() &&
    new TextEncoder().encode(text).length <= LONGEST_NAME_BYTES
  );
}

/**
 * A quoted name. In SQLite by backticks: a name in double quotes that is no column is taken there for a text, so that a
 * missing column would be a value that is the same in every row.
 */
export function quoted(name: string, dialect: Dialect): Sql {
  const mark = dialect === "postgres" ? '"' : "`";
  return verbatim(`${mark}${name.replaceAll(mark, mark + mark)}${mark}`);
}
