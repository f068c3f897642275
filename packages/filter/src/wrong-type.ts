import { HopwiseError } from "@hopwise/core";
import { inOwnWords } from "@hopwise/core/adapter";
import { type Sql, sql } from "./sql.ts";

/**
 * The type of a column in PostgreSQL: beside another value a domain counts as the type that it is over, which is what its
 * values are compared by. By itself it has its own name, and a `real` in it would pass for none.
 */
export const typeOf = (raw: Sql): Sql => sql`pg_typeof(COALESCE(${raw}, NULL))`;

/**
 * A text of which no value can be made: PostgreSQL fails, and prints it. The column itself is of the wrong type, and so in every
 * row: where nothing was known of it, each search would be an empty list, which looks like a denial.
 *
 * @param said what the table says of the column
 */
export const wrongType = (raw: Sql, said: Sql): Sql =>
  sql`('${said} of the table fits no column of type ' || ${typeOf(raw)}::text)`;

/** The same text in an error. Behind a query that is quoted there stands a quote. A type may be one of arrays, or a program's own. */
const SAID =
  /\b(?:text|number|timestamp|list)\(\)(?: stored as (?:uuid|enum|integer))? of the table fits no column of type [a-z_][a-z0-9_. ]{0,80}(?:\[\])?/;

/**
 * What a query failed with, where that is a column of the wrong type: in our words, so that the record says it. Builders put the
 * driver's error into one of their own.
 */
export function wrongTypeIn(fault: unknown): HopwiseError | undefined {
  try {
    const { message, cause } = Object(fault) as { readonly message?: unknown; readonly cause?: unknown };
    const [said] = SAID.exec(String(message)) ?? SAID.exec(String(Object(cause).message)) ?? [];
    if (said === undefined) return undefined;
    const remedy = "cast it in a view, or say the type that it has: see Columns in the README of @hopwise/filter";
    return inOwnWords(new HopwiseError("config_invalid", `visibleRows: ${said}; ${remedy}`, { cause: fault }));
  } catch {
    return undefined; // it fails when it is read
  }
}
