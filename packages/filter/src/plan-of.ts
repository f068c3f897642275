import type { RowCondition, RowExpression } from "@hopwise/core/filter";
import { attributeIn, ID, readCondition } from "./read-condition.ts";
import type { Table } from "./table.ts";
import { type CerbosPlan, toCerbos } from "./to-cerbos.ts";

type Folded = RowExpression | boolean;

/**
 * The plan for a table's rows. What has no column is refused, as for SQL: it is in no row that is checked, so that each would be
 * denied. Of a column that is never NULL nobody is asked whether it is: Prisma refuses a query that does.
 */
export function planOf(condition: RowCondition, table: Table): CerbosPlan {
  readCondition("visibleRows", condition, table);
  const { expression, required, ...more } = condition;
  const folded = typeof expression === "boolean" ? expression : fold(expression, table);
  return toCerbos({
    ...more,
    expression: folded,
    required: required.filter((attribute) => !isNeverNull(attribute, table)),
  });
}

function fold(expression: RowExpression, table: Table): Folded {
  if (!("operator" in expression)) return expression;
  const { operator, operands } = expression;
  switch (operator) {
    case "and":
    case "or":
      return joined(
        operator,
        operands.map((it) => fold(it, table)),
      );
    case "not": {
      const [first] = operands.map((it) => fold(it, table));
      return typeof first === "boolean" ? !first : { operator, operands: first === undefined ? [] : [first] };
    }
    case "eq":
    case "ne":
      return operands.some((it) => isNever(it, table)) && operands.some(isNull) ? operator === "ne" : expression;
    case "in":
      return withoutNull(expression, operands, table);
    default:
      return expression;
  }
}

function joined(operator: "and" | "or", parts: readonly Folded[]): Folded {
  const decisive = operator === "or";
  if (parts.includes(decisive)) return decisive;
  const operands = parts.filter((it) => typeof it !== "boolean");
  const [first] = operands;
  if (first === undefined) return !decisive;
  return operands.length === 1 ? first : { operator, operands };
}

/** `R.attr.region in ["EMEA", null]` */
function withoutNull(expression: RowExpression, operands: readonly RowExpression[], table: Table): Folded {
  const [value, list] = operands;
  if (value === undefined || list === undefined || !isNever(value, table)) return expression;
  if (!("value" in list) || !Array.isArray(list.value) || !list.value.includes(null)) return expression;
  const rest = list.value.filter((it) => it !== null);
  return rest.length === 0 ? false : { operator: "in", operands: [value, { value: rest }] };
}

/** Never NULL: so the table says of its column, or it is the id. */
function isNever(operand: RowExpression, table: Table): boolean {
  if (!("name" in operand)) return false;
  const attribute = attributeIn(operand.name);
  return operand.name === ID || (attribute !== undefined && isNeverNull(attribute, table));
}

function isNeverNull(attribute: string, { columns }: Table): boolean {
  return Object.hasOwn(columns, attribute) && columns[attribute]?.null === undefined;
}

function isNull(operand: RowExpression): boolean {
  return "value" in operand && operand.value === null;
}
