/** Which rows of data may a caller see: what do plans and grants say of them, and what is written down of it? */

export {
  type AppliedFilter,
  type CheckedRow,
  checkApplied,
  type Filter,
  type FilterFault,
  isFilter,
  type Row,
  unapplied,
  withheldBy,
} from "./filter.ts";
export { foldGrant, wordOf } from "./fold-grant.ts";
export { readPlan, seesOf, UNKNOWN_PLAN } from "./read-plan.ts";
export { allOf, type RowCondition, type RowExpression } from "./row-condition.ts";
export { type AppliedCondition, shapeOf } from "./shape.ts";
