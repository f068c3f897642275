import type { JsonValue } from "../json/index.ts";

/**
 * An expression over one row, as Cerbos' query plans have it (`PlanExpressionOperand` of `@cerbos/core`), as plain, frozen
 * data: an operator with its operands, a variable such as `request.resource.attr.region`, or a value.
 */
export type RowExpression =
  | { readonly operator: string; readonly operands: readonly RowExpression[] }
  | { readonly name: string }
  | { readonly value: JsonValue };

/** What rows must fulfil to be shown: the plans of all hops and the grants of all tokens, joined by AND. */
export interface RowCondition {
  /** `true`: every row; `false`: none. */
  readonly expression: RowExpression | boolean;
  /** Attributes that every row must have, whether or not the expression names them. */
  readonly required: readonly string[];
  /**
   * What follows from an attribute that a row does not have. `sql`: AND and OR as SQL has them, which shows too much rather than
   * too little, since the rows are checked again. `weak`: one unknown operand makes all unknown.
   */
  readonly unknown: "sql" | "weak";
}

const RESOURCE = "request.resource.";

/** The variable that stands for what policies call `R.id` or `R.attr.region`. */
export function variableOf(word: string): RowExpression {
  return { name: word.replace(/^R\./, RESOURCE) };
}

export function calls(operator: string, ...operands: readonly RowExpression[]): RowExpression {
  return { operator, operands };
}

/** All of these: a denied one absorbs, an allowed one is neutral. */
export function allOf(parts: readonly (RowExpression | boolean)[]): RowExpression | boolean {
  if (parts.includes(false)) return false;
  const left = parts.filter((part) => typeof part !== "boolean");
  const distinct = [...new Map(left.map((part) => [JSON.stringify(part), part])).values()];
  const [first] = distinct;
  if (first === undefined) return true;
  return distinct.length === 1 ? first : calls("and", ...distinct);
}

/** Any of these. */
export function anyOf(parts: readonly (RowExpression | boolean)[]): RowExpression | boolean {
  if (parts.includes(true)) return true;
  const left = parts.filter((part) => typeof part !== "boolean");
  const [first] = left;
  if (first === undefined) return false;
  return left.length === 1 ? first : calls("or", ...left);
}
