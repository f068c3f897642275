import type { RowCondition, RowExpression } from "@hopwise/core/filter";

/** Shorthands for conditions of tests. */
export const call = (operator: string, ...operands: readonly RowExpression[]): RowExpression => ({
  operator,
  operands,
});
export const attr = (name: string): RowExpression => ({ name: `request.resource.attr.${name}` });
export const value = (it: Extract<RowExpression, { readonly value: unknown }>["value"]): RowExpression => ({
  value: it,
});
export const each = (name: string, body: RowExpression): RowExpression => call("lambda", body, { name });
export const time = (text: string): RowExpression => call("timestamp", { value: text });

export function where(expression: RowExpression | boolean, more: Partial<RowCondition> = {}): RowCondition {
  return { expression, required: [], unknown: "sql", ...more };
}
