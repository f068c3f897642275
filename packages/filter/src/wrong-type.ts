import { HopwiseError } from "@hopwise/core";
import { inOwnWords } from "@hopwise/core/adapter";
import type { ColumnType } from "./column.ts";
import { type Sql, sql } from "./sql.ts";
import type { Table } from "./table.ts";

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

/** A type as PostgreSQL prints it: what is no plain name in lower case, as Prisma's enums have, stands in quotes, with its schema before it. */
const NAME = String.raw`(?:"[^"\n]{1,63}"|[\p{L}_][\p{L}\p{N}_$ ]{0,62})`;
const TYPE = String.raw`(?:${NAME}\.)?${NAME}(?:\[\])?`;

/** The same text in an error. Behind a query that is quoted there stands a quote. */
const SAID: RegExp = new RegExp(
  String.raw`\b(?:text|number|timestamp|list)\(\)(?: stored as (?:uuid|enum|integer))? of the table fits no column of type ${TYPE}`,
  "u",
);

/**
 * How PostgreSQL itself refuses a column of another type, before it looks at a row: its words name types and nothing else. Where it
 * speaks another language, its error stays as it is.
 */
const REFUSED: readonly (readonly [ColumnType, RegExp])[] = (
  [
    ["text", `collations are not supported by type ${TYPE}`],
    ["number", `operator does not exist: ${TYPE} >= numeric\\b`],
    ["boolean", `argument of (?:IS TRUE|NOT|AND|OR) must be type boolean, not type ${TYPE}`],
    ["boolean", `operator does not exist: ${TYPE} = boolean\\b`],
    ["timestamp", `operator does not exist: ${TYPE} >= timestamp with time zone\\b`],
  ] as const
).map(([type, words]) => [type, new RegExp(String.raw`\b${words}`, "u")]);

/**
 * What a query failed with, where that is a column of the wrong type: in our words, so that the record says it. Builders put the
 * driver's error into one of their own.
 */
export function wrongTypeIn(fault: unknown, { id, columns }: Table): HopwiseError | undefined {
  try {
    const { message, cause } = Object(fault) as { readonly message?: unknown; readonly cause?: unknown };
    const words = [String(message), String(Object(cause).message)];
    const [said] = firstIn(words, SAID) ?? [];
    if (said !== undefined) return inRecord(said, fault);
    for (const [type, refused] of REFUSED) {
      const [itself] = firstIn(words, refused) ?? [];
      const some = [id, ...Object.values(columns)].filter((it) => it.type === type && !CAST.has(it.stored));
      if (itself === undefined || some.length === 0) continue;
      const names = some.slice(0, 20).map((it) => JSON.stringify(it.name));
      return inRecord(
        `a column of which the table says ${type}() has another type, one of ${names.join(", ")}: ${itself}`,
        fault,
      );
    }
  } catch {
    // It fails when it is read.
  }
  return undefined;
}

/** Any column can be cast to these, so that ours is the error. */
const CAST: ReadonlySet<unknown> = new Set(["uuid", "enum", "integer"]);

function firstIn(words: readonly string[], pattern: RegExp): RegExpExecArray | undefined {
  return words.map((it) => pattern.exec(it)).find((it) => it !== null) ?? undefined;
}

function inRecord(said: string, fault: unknown): HopwiseError {
  const remedy = "cast it in a view, or say the type that it has: see Columns in the README of @hopwise/filter";
  return inOwnWords(new HopwiseError("config_invalid", `visibleRows: ${said}; ${remedy}`, { cause: fault }));
}
