import type { JsonValue } from "@hopwise/core/adapter";

/**
 * An expression over one row, as Cerbos' query plans have it (`PlanExpressionOperand` of `@cerbos/core`): an operator with
 * its operands, a variable such as `request.resource.attr.region`, or a value.
 */
export type RowExpression =
  | { readonly operator: string; readonly operands: readonly RowExpression[] }
  | { readonly name: string }
  | { readonly value: JsonValue };

/** What rows must fulfil to be shown. */
export interface RowCondition {
  /** `true`: every row; `false`: none. */
  readonly expression: RowExpression | boolean;
  /** Attributes that every row must have, whether or not the expression names them. */
  readonly required: readonly string[];
  /**
   * What follows from an attribute that a row does not have. `sql`: AND and OR as SQL has them, which shows too much rather
   * than too little, since the rows are checked again. `weak`: one unknown operand makes all unknown.
   */
  readonly unknown: "sql" | "weak";
}
