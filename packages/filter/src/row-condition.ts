/** What a decision's filter gives: the core's own types. */
export type { RowCondition, RowExpression } from "@hopwise/core/filter";
