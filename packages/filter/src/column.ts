import {
  argumentOf,
  choice,
  flag,
  maybe,
  noteMadeHere,
  optionsOf,
  type Rows,
  text as textOf,
} from "@hopwise/core/options";
import { isName, NAME } from "./names.ts";

/** What a value of a column, or an element of a list, can be. */
export type ValueType = "text" | "number" | "boolean" | "timestamp";
export type ColumnType = ValueType | "list";
/** What a list is of: JSON has no more. */
export type ElementType = Exclude<ValueType, "timestamp">;

/** One column of a table, as `text()`, `number()`, `boolean()`, `timestamp()` and `list()` make it. */
export interface Column {
  readonly type: ColumnType;
  /** Its name in the database; the attribute's where it is left out. */
  readonly name?: string;
  /** What NULL stands for: an attribute that is `absent`, or one that is `null`. Left out: the column is NOT NULL. */
  readonly null?: "absent" | "null";
  /** What the database really has, where that makes a difference. */
  readonly stored?: StoredText | StoredNumber;
  readonly of?: ElementType;
  readonly milliseconds?: true;
}

/** What every column may say. */
export interface ColumnOptions {
  /** What NULL stands for: an attribute that is `absent`, or one that is `null`. Left out: the column is NOT NULL. */
  readonly null?: "absent" | "null";
}

export type StoredText = "text" | "uuid" | "enum" | "integer";
type StoredNumber = "double" | "bigint" | "numeric";

/** What `text()` may say. */
export interface TextOptions extends ColumnOptions {
  /**
   * What the database stores: `text` (with `varchar` and `citext`); a `uuid`, an `enum` or an `integer` that policies see as
   * a text. `char(n)` fits none of them: its spaces come and go.
   *
   * @defaultValue "text"
   */
  readonly stored?: StoredText;
}

/** What `number()` may say. */
export interface NumberOptions extends ColumnOptions {
  /**
   * What the database stores. Drivers give `bigint` and `numeric` as texts, which are numbers only where this says so. A
   * `real` fits none of them: it shows fewer digits than it has.
   *
   * @defaultValue "double", which is `integer`, too
   */
  readonly stored?: StoredNumber;
}

/** What `timestamp()` may say. */
export interface TimestampOptions extends ColumnOptions {
  /**
   * The column holds whole milliseconds (`timestamptz(3)`), so that a `Date` which a driver makes of it is the same time.
   * Without it a `Date` is refused.
   *
   * @defaultValue false
   */
  readonly milliseconds?: boolean;
}

/** Columns that were made here: an object that looks like one was not read. */
const MADE = new WeakSet<object>();

export function isColumn(value: unknown): value is Column {
  return MADE.has(Object(value));
}

const NULL = maybe(choice("absent", "null"));
const TEXT: Rows<TextOptions> = { null: NULL, stored: maybe(choice("text", "uuid", "enum", "integer")) };
const NUMBER: Rows<NumberOptions> = { null: NULL, stored: maybe(choice("double", "bigint", "numeric")) };
const TIMESTAMP: Rows<TimestampOptions> = { null: NULL, milliseconds: maybe(flag()) };
const COLUMN: Rows<ColumnOptions> = { null: NULL };

/** A column's name, its options, or first the one and then the other. */
type Maker<Options> = (...args: readonly [options?: Options] | readonly [name: string, options?: Options]) => Column;

function maker<Options extends object>(type: ValueType, rows: Rows<Options>): Maker<Options> {
  const read = readerOf(type, rows);
  return (...args) => made({ type, ...read(args) });
}

/** A column of text. It is compared by code point, whatever the collation of the database. */
export const text: Maker<TextOptions> = maker("text", TEXT);
/** A column of numbers. They are compared as doubles, which is what policies see. */
export const number: Maker<NumberOptions> = maker("number", NUMBER);
/** A column of true and false; in SQLite 1 and 0. */
export const boolean: Maker<ColumnOptions> = maker("boolean", COLUMN);
/** A column of times: `timestamptz`; in SQLite a text of RFC 3339. Policies see RFC 3339 in UTC, and compare by `timestamp(…)`. */
export const timestamp: Maker<TimestampOptions> = maker("timestamp", TIMESTAMP);

const OF = argumentOf<ElementType>("list", "of", choice("text", "number", "boolean"));
const LIST = readerOf("list", COLUMN);

/** A column of lists: `jsonb`, `json` or an array; in SQLite JSON as text. */
export function list(
  of: ElementType,
  ...args: readonly [options?: ColumnOptions] | readonly [name: string, options?: ColumnOptions]
): Column {
  return made({ type: "list", of: OF(of), ...LIST(args) });
}

function made(column: Column): Column {
  const frozen = Object.freeze(column);
  MADE.add(frozen);
  noteMadeHere(frozen);
  return frozen;
}

/** Reads the name and the options of one maker. */
function readerOf<Options extends object>(
  called: string,
  rows: Rows<Options>,
): (args: readonly unknown[]) => Partial<Column> {
  const readName = argumentOf<string>(called, "name", textOf(NAME, isName));
  const readOptions = optionsOf<Options>(called, rows);
  return (args) => {
    const [first, second] = args;
    const named = typeof first === "string" || (args.length > 1 && first !== undefined);
    const options = named || args.length > 1 ? second : first;
    return {
      ...(named && { name: readName(first) }),
      ...(options !== undefined && said(readOptions(options))),
    };
  };
}

/** Without the members that are undefined or false. */
function said(options: object): Partial<Column> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== false));
}
