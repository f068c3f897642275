/**
 * Which rows may be shown? The condition of a decision's filter as parameterised SQL, and as a predicate in memory.
 *
 * @packageDocumentation
 */
export {
  boolean,
  type Column,
  type ColumnOptions,
  type ElementType,
  list,
  type NumberOptions,
  number,
  type TextOptions,
  type TimestampOptions,
  text,
  timestamp,
} from "./column.ts";
export type { Dialect } from "./names.ts";
export type { RowCondition, RowExpression } from "./row-condition.ts";
export type { SqlValue } from "./sql.ts";
export { type NamedColumn, type Table, type TableOptions, table } from "./table.ts";
export { toPredicate } from "./to-predicate.ts";
export { type SqlCondition, type SqlOptions, toSql } from "./to-sql.ts";
