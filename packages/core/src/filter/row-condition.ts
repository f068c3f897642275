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

/** How the name of each variable begins that a row has. */
export const RESOURCE = "request.resource.";

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
  const [first] = left;
  if (first === undefined) return undefined;
  return tidy(left.length === 1 ? first : calls(operator, ...left), new Map()).node;
}

/** A node, and a name that the same node has again. */
interface Named {
  readonly node: RowExpression;
  readonly id: number;
}

/**
 * Says each thing once: the rules of several roles, and the plans of several hops, often say the same. Whatever an unknown
 * operand makes of AND and OR, it makes the same of this.
 *
 * @param ids names of what was met already, so that no part is written down at each level above it
 */
function tidy(node: RowExpression, ids: Map<string, number>): Named {
  if (!("operator" in node)) return named(node, JSON.stringify(node), ids);
  const { operator } = node;
  const operands = node.operands.map((operand) => tidy(operand, ids));
  const isJoint = operator === "and" || operator === "or";
  const flat = isJoint
    ? operands.flatMap((it) => ("operator" in it.node && it.node.operator === operator ? partsOf(it.node, ids) : [it]))
    : operands;
  const distinct = isJoint ? [...new Map(flat.map((it) => [it.id, it])).values()] : flat;
  const [first] = distinct;
  // An attribute that stands alone may be no boolean: without the operator it would be something else.
  if (isJoint && distinct.length === 1 && first !== undefined && "operator" in first.node) return first;
  const key = `${operator}(${distinct.map(({ id }) => id).join()})`;
  return named(calls(operator, ...distinct.map((it) => it.node)), key, ids);
}

/** The operands of what is tidy already. */
function partsOf(
  node: RowExpression & { readonly operands: readonly RowExpression[] },
  ids: Map<string, number>,
): Named[] {
  return node.operands.map((operand) => tidy(operand, ids));
}

function named(node: RowExpression, key: string, ids: Map<string, number>): Named {
  const id = ids.get(key) ?? ids.size;
  ids.set(key, id);
  return { node, id };
}
