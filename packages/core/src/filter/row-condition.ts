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
  return joined("and", parts) ?? true;
}

/** Any of these. */
export function anyOf(parts: readonly (RowExpression | boolean)[]): RowExpression | boolean {
  if (parts.includes(true)) return true;
  return joined("or", parts) ?? false;
}

function joined(operator: "and" | "or", parts: readonly (RowExpression | boolean)[]): RowExpression | undefined {
  const left = parts.filter((part) => typeof part !== "boolean");
  return left.length === 0 ? undefined : tidy(calls(operator, ...left));
}

/**
 * Says each thing once: the rules of several roles, and the plans of several hops, often say the same. Whatever an unknown
 * operand makes of AND and OR, it makes the same of this.
 */
function tidy(node: RowExpression): RowExpression {
  if (!("operator" in node)) return node;
  const { operator } = node;
  const operands = node.operands.map(tidy);
  if (operator !== "and" && operator !== "or") return calls(operator, ...operands);
  const flat = operands.flatMap((it) => ("operator" in it && it.operator === operator ? it.operands : [it]));
  const distinct = [...new Map(flat.map((it) => [JSON.stringify(it), it])).values()];
  const [first] = distinct;
  return distinct.length === 1 && first !== undefined ? first : calls(operator, ...distinct);
}
