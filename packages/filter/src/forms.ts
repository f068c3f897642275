import { isKind } from "@hopwise/core/options";
import type { Column, ElementType, StoredText, ValueType } from "./column.ts";
import type { InEach } from "./names.ts";
import { parameter, type Sql, sql } from "./sql.ts";
import { isWholeMilliseconds, momentAt, momentOf } from "./time.ts";
import { FALSE, TRUE } from "./truth.ts";
import { typeOf, wrongType } from "./wrong-type.ts";

/** A value in memory. A moment is a text, too, which is compared with moments alone. */
export type Scalar = string | number | boolean;

type Write<Given> = InEach<(given: Given, column: Column) => Sql>;

/**
 * How the values of one type look in each place. A value of another type is none: NULL in SQL, `undefined` in memory. So is
 * what no check can see: a number that is not finite, a text that is not Unicode, a day that does not exist.
 */
interface Form {
  /** The value in a column. */
  readonly column: Write<Sql> & { readonly memory: (given: unknown, column: Column) => Scalar | undefined };
  readonly literal: InEach<(value: Scalar) => Sql>;
}

/**
 * Beyond these a `numeric` is no double, and PostgreSQL would abort the query, with the value in its message. Not by `abs`, by
 * which the least integer of its type would abort it.
 */
const IN_DOUBLES = (number: Sql): Sql =>
  sql`${number} BETWEEN -1.797693134862315807e308 AND 1.797693134862315807e308 AND (${number} = 0 OR ${number} >= 5e-324 OR ${number} <= -5e-324)`;

const json = (several: readonly Scalar[]): Sql => parameter(JSON.stringify(several));

/**
 * A list as the text that PostgreSQL makes an array of. Never as a list: some query builders write one in place of it for each
 * element, and where there is one element, that text would be read as an array of its own.
 */
const array = (several: readonly Scalar[]): Sql =>
  parameter(`{${several.map((it) => `"${String(it).replaceAll(/["\\]/g, "\\$&")}"`).join(",")}}`);

/** A row for each type: what is missing in one of the places does not compile. */
export const FORMS: { readonly [Type in ValueType]: Form } = {
  text: {
    column: {
      // `COLLATE` comes first: on a column that is no text, PostgreSQL refuses the query. `char(n)` drops spaces in a cast.
      postgres: (raw, { stored = "text" }) => {
        const { fits, value, said } = POSTGRES_TEXT[stored as StoredText](raw);
        return sql`(CASE WHEN ${fits} THEN ${value} ELSE ${wrongType(raw, said)}::boolean::text END) COLLATE "C"`;
      },
      sqlite: (raw, { stored }) =>
        sql`(CASE ${stored === "integer" ? INTEGER_AS_TEXT(raw) : sql`WHEN typeof(${raw}) = 'text' THEN ${raw}`} END) COLLATE BINARY`,
      memory: (given, { stored }) => (stored === "integer" ? integerText(given) : textIn(given)),
    },
    literal: { postgres: (value) => sql`${parameter(value)}::text COLLATE "C"`, sqlite: parameter },
  },
  number: {
    column: {
      postgres: (raw) =>
        sql`(CASE WHEN ${typeOf(raw)} = 'real'::regtype THEN ${wrongType(raw, sql`number()`)}::float8 WHEN ${IN_DOUBLES(raw)} THEN ${raw}::float8 END)`,
      sqlite: (raw) =>
        sql`(CASE WHEN typeof(${raw}) IN ('integer', 'real') AND ${raw} - ${raw} = 0 THEN CAST(${raw} AS REAL) END)`,
      memory: (given, { stored }) =>
        (stored === "bigint" || stored === "numeric") &&
        typeof given === "string" &&
        /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(given)
          ? finite(Number(given))
          : numberIn(given),
    },
    literal: {
      postgres: (value) => sql`${parameter(value)}::float8`,
      sqlite: (value) => sql`CAST(${parameter(value)} AS REAL)`,
    },
  },
  boolean: {
    column: {
      postgres: (raw) => raw,
      sqlite: (raw) => sql`(CASE WHEN typeof(${raw}) IN ('integer', 'real') AND ${raw} IN (0, 1) THEN ${raw} = 1 END)`,
      memory: (given) =>
        booleanIn(given) ?? (given === 1 || given === 1n ? true : given === 0 || given === 0n ? false : undefined),
    },
    literal: {
      postgres: (value) => sql`${parameter(value)}::boolean`,
      sqlite: (value) => sql`(${parameter(value === true ? 1 : 0)} = 1)`,
    },
  },
  timestamp: {
    column: {
      postgres: (
        raw,
        column,
      ) => sql`(CASE WHEN ${typeOf(raw)} <> 'timestamptz'::regtype THEN ${wrongType(raw, sql`timestamp()`)}::boolean::text
        WHEN ${raw} BETWEEN timestamptz '0001-01-01 00:00:00+00' AND timestamptz '9999-12-31 23:59:59.999999+00'${column.milliseconds ? sql` AND date_trunc('milliseconds', ${raw}) = ${raw}` : sql``}
        THEN rtrim(rtrim(to_char(${raw} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') END) COLLATE "C"`,
      sqlite: (raw, column) => SQLITE_MOMENT(raw, column),
      memory: momentFrom,
    },
    literal: { postgres: (value) => sql`${parameter(value)}::text COLLATE "C"`, sqlite: parameter },
  },
};

/** Whether a value is one of several, which are one parameter. */
export const AMONG: {
  readonly [Type in ElementType]: InEach<(value: Sql, several: readonly Scalar[]) => Sql>;
} = {
  text: {
    postgres: (value, several) => sql`(${value} = ANY(${array(several)}::text[]))`,
    sqlite: (value, several) => sql`(${value} IN (SELECT value FROM json_each(${json(several)})))`,
  },
  number: {
    postgres: (value, several) => sql`(${value} = ANY(${array(several)}::float8[]))`,
    sqlite: (value, several) => sql`(${value} IN (SELECT CAST(value AS REAL) FROM json_each(${json(several)})))`,
  },
  boolean: {
    postgres: (value, several) => sql`(${value} = ANY(${array(several)}::boolean[]))`,
    sqlite: (value, several) => sql`(${value} IN (SELECT value FROM json_each(${json(several)})))`,
  },
};

/** An element of a list: in SQLite its value and the type that JSON gives it, which tells `true` from 1. */
interface ElementForm extends InEach<(value: Sql, type: Sql) => Sql> {
  readonly memory: (given: unknown) => Scalar | undefined;
}

export const ELEMENT_FORMS: { readonly [Type in ElementType]: ElementForm } = {
  text: {
    postgres: (element) => sql`(CASE jsonb_typeof(${element}) WHEN 'string' THEN ${element} #>> '{}' END) COLLATE "C"`,
    sqlite: (value, type) => sql`(CASE ${type} WHEN 'text' THEN ${value} END) COLLATE BINARY`,
    memory: textIn,
  },
  number: {
    postgres: (element) =>
      sql`(CASE WHEN jsonb_typeof(${element}) = 'number' THEN CASE WHEN ${IN_DOUBLES(sql`${element}::numeric`)} THEN ${element}::float8 END END)`,
    sqlite: (value, type) =>
      sql`(CASE WHEN ${type} IN ('integer', 'real') AND ${value} - ${value} = 0 THEN CAST(${value} AS REAL) END)`,
    memory: numberIn,
  },
  boolean: {
    postgres: (element) => sql`(CASE jsonb_typeof(${element}) WHEN 'boolean' THEN ${element}::boolean END)`,
    sqlite: (_, type) => sql`(CASE ${type} WHEN 'true' THEN ${TRUE} WHEN 'false' THEN ${FALSE} END)`,
    memory: booleanIn,
  },
};

/** PostgreSQL collates lists of texts, too, and any list can be cast to a text, which no driver gives. */
const isOneText = (raw: Sql): Sql =>
  sql`${typeOf(raw)} <> 'character'::regtype AND ${typeOf(raw)}::text NOT LIKE '%[]'`;

/** What a column must be of, its value, and what the table says of it. */
interface PostgresText {
  readonly fits: Sql;
  readonly value: Sql;
  readonly said: Sql;
}

const POSTGRES_TEXT: { readonly [Stored in StoredText]: (raw: Sql) => PostgresText } = {
  text: (raw) => ({
    fits: isOneText(raw),
    value: sql`(${raw} COLLATE "C")::text`,
    said: sql`text()`,
  }),
  uuid: (raw) => ({
    fits: sql`${typeOf(raw)} = 'uuid'::regtype`,
    value: sql`${raw}::text`,
    said: sql`text() stored as uuid`,
  }),
  enum: (raw) => ({
    fits: isOneText(raw),
    value: sql`${raw}::text`,
    said: sql`text() stored as enum`,
  }),
  integer: (raw) => ({
    fits: sql`${typeOf(raw)} IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)`,
    value: sql`${raw}::text`,
    said: sql`text() stored as integer`,
  }),
};

/** Drivers give a `bigint` as a text, and so may a column of SQLite: the same digits are the same text. */
const INTEGER_AS_TEXT = (raw: Sql): Sql =>
  sql`WHEN typeof(${raw}) = 'integer' THEN CAST(${raw} AS TEXT) WHEN typeof(${raw}) = 'text' AND ${raw} COLLATE BINARY = CAST(CAST(${raw} AS INTEGER) AS TEXT) THEN ${raw}`;

/**
 * The same text as `momentOf` makes. `strftime` moves days and hours that do not exist, once it has to calculate, so that the
 * time without its zone is held against what it makes of it.
 */
const SQLITE_MOMENT = (raw: Sql, { milliseconds }: Column): Sql => sql`(SELECT CASE
  WHEN length(hopwise_s) <> 19 OR hopwise_s < '0001' THEN NULL
  WHEN hopwise_f = '' THEN hopwise_s
  WHEN hopwise_f GLOB '.[0-9]*' AND NOT hopwise_f GLOB '.*[^0-9]*' AND length(hopwise_f) <= 10${
    milliseconds ? sql` AND length(rtrim(hopwise_f, '0')) <= 4` : sql``
  } THEN rtrim(rtrim(hopwise_s || hopwise_f, '0'), '.') END
  FROM (SELECT strftime('%Y-%m-%dT%H:%M:%S', substr(hopwise_t, 1, 19) || CASE WHEN hopwise_z = 3 THEN substr(hopwise_t, -3) || ':00'
      WHEN hopwise_z > 3 THEN substr(hopwise_t, -6) ELSE '' END) AS hopwise_s,
      substr(hopwise_t, 20, length(hopwise_t) - 19 - hopwise_z) AS hopwise_f
    FROM (SELECT hopwise_t, CASE WHEN hopwise_t GLOB '*Z' THEN 1 ${OFFSETS} END AS hopwise_z
      FROM (SELECT ${raw} AS hopwise_t) WHERE typeof(hopwise_t) = 'text' AND instr(hopwise_t, char(0)) = 0
        AND hopwise_t GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][T ][0-9][0-9]:[0-9][0-9]:[0-9][0-9]*'
        AND strftime('%Y-%m-%d %H:%M:%S', substr(hopwise_t, 1, 19), '+0 days') = replace(substr(hopwise_t, 1, 19), 'T', ' '))
    WHERE hopwise_z IS NOT NULL)) COLLATE BINARY`;

/** How long what stands behind the digits is. */
const OFFSETS: Sql = sql`WHEN hopwise_t GLOB '* [+-][0-9][0-9]:[0-9][0-9]' THEN 7 WHEN hopwise_t GLOB '*[+-][0-9][0-9]:[0-9][0-9]' THEN 6
      WHEN hopwise_t GLOB '*[+-][0-9][0-9]' THEN 3`;

function momentFrom(given: unknown, { milliseconds }: Column): Scalar | undefined {
  const found =
    typeof given === "string" ? momentOf(given) : isKind(given, "Date") && milliseconds ? momentAt(given) : undefined;
  return found !== undefined && milliseconds && !isWholeMilliseconds(found) ? undefined : found;
}

function textIn(given: unknown): string | undefined {
  return typeof given === "string" && given.isWellFormed() ? given : undefined;
}

function integerText(given: unknown): string | undefined {
  if (Number.isSafeInteger(given) || typeof given === "bigint") return fits(BigInt(given as number | bigint));
  if (typeof given !== "string" || !/^(0|-?[1-9]\d{0,18})$/.test(given)) return undefined;
  return fits(BigInt(given));
}

/** The integers of a database have 64 bits. */
function fits(integer: bigint): string | undefined {
  return BigInt.asIntN(64, integer) === integer ? String(integer) : undefined;
}

function numberIn(given: unknown): number | undefined {
  return typeof given === "number" || typeof given === "bigint" ? finite(Number(given)) : undefined;
}

function finite(number: number): number | undefined {
  return Number.isFinite(number) ? number : undefined;
}

function booleanIn(given: unknown): boolean | undefined {
  return typeof given === "boolean" ? given : undefined;
}
