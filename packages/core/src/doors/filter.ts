/**
 * Which rows of data may be shown? What a decision says of them, and what an adapter for a database translates.
 *
 * @packageDocumentation
 */
export {
  type AppliedFilter,
  type CheckedRow,
  checkApplied,
  type Filter,
  type FilterFault,
  isFilter,
  type Row,
  type RowCondition,
  type RowExpression,
  withheldBy,
} from "../filter/index.ts";
