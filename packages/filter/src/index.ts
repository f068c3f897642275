/**
 * Which rows may be shown? The condition of a decision's filter as parameterised SQL, as a predicate in memory, and as
 * Cerbos' own plan; and what policies see of a row.
 *
 * @packageDocumentation
 */

export type { RowCondition, RowExpression } from "@hopwise/core/filter";
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
export { pgvectorQuery, type VectorOptions, type VectorQuery } from "./pgvector-query.ts";
export type { SqlValue } from "./sql.ts";
export { type NamedColumn, type Table, type TableOptions, table } from "./table.ts";
export { type CerbosPlan, toCerbos } from "./to-cerbos.ts";
export { toPredicate } from "./to-predicate.ts";
export { type SqlCondition, type SqlOptions, toSql } from "./to-sql.ts";
export { type ReadBy, visibleRows, type Where } from "./visible-rows.ts";
