import type { RowCondition } from "@hopwise/core/filter";
import { isObject, mustBe, reading } from "@hopwise/core/options";
import { type Cell, cellOf, MISFIT } from "./cell.ts";
import { FORMS } from "./forms.ts";
import { type InEach, quoted } from "./names.ts";
import { isOperator, OPERATORS, type Reader, unknown } from "./operators/index.ts";
import { type Node, readExpression } from "./read-expression.ts";
import { type Sql, sql } from "./sql.ts";
import type { NamedColumn, Table } from "./table.ts";
import { literalTerm, type Place, type Term } from "./term.ts";
import { TRUE } from "./truth.ts";
import { named, unsupported, unsupportedOperator, unsupportedVariable } from "./unsupported.ts";
import { typeOf, wrongType } from "./wrong-type.ts";

/** A condition on the rows of a table, in each form. */
export interface TableCondition {
  readonly rows: Term | boolean;
  /** Columns that must not be NULL. */
  readonly required: readonly NamedColumn[];
}

const CONDITION = "a condition on rows, as take() of a decision's filter gives it";

/**
 * Reads a condition for a table.
 *
 * @throws {HopwiseError} `filter_unsupported` for what is not in the table of operators, or not mapped; `config_invalid` for
 *   what is no condition
 */
export function readCondition(called: string, condition: RowCondition, table: Table): TableCondition {
  const { expression, required, unknown } = partsOf(called, condition);
  return {
    rows:
      typeof expression === "boolean"
        ? expression
        : readerOf(table, unknown === "weak", []).condition(readExpression(expression)),
    required: required.map((attribute) => columnOf(table, attribute, "")),
  };
}

/** The parts of a condition, checked by hand: it is read for each call. */
export function partsOf(called: string, condition: unknown): RowCondition {
  return reading(called, "condition", CONDITION, condition, (given) => {
    const { expression, required, unknown } = given as RowCondition;
    if (unknown !== "sql" && unknown !== "weak") mustBe(called, ["condition", "unknown"], '"sql" or "weak"', unknown);
    if (!Array.isArray(required) || !Array.from(required).every((it) => typeof it === "string")) {
      return mustBe(called, ["condition", "required"], "a list of attributes, such as []", required);
    }
    if (typeof expression !== "boolean" && !isObject(expression)) {
      return mustBe(called, ["condition", "expression"], "an expression, true or false", expression);
    }
    return { expression, required: [...required], unknown };
  });
}

/** A list that is gone through: the name for its elements, and their term. */
interface Element {
  readonly name: string;
  readonly term: Term;
}

function readerOf(table: Table, weak: boolean, elements: readonly Element[]): Reader {
  const reader: Reader = {
    weak,
    depth: elements.length,
    term: (node) => termOf(node, table, elements, reader),
    condition: (node) => {
      const term = reader.term(node);
      if (term.type !== "boolean") return { type: "boolean", sql: unknown, memory: () => undefined };
      // Null is neither true nor false. In SQL it is the same NULL already.
      return { ...term, memory: (view) => term.memory(view) ?? undefined };
    },
    within: (name, term) => readerOf(table, weak, [...elements, { name, term }]),
  };
  return reader;
}

function termOf(node: Node, table: Table, elements: readonly Element[], reader: Reader): Term {
  if ("value" in node) return valueTerm(node);
  if ("name" in node) return variableTerm(node, table, elements);
  const { operator, pointer } = node;
  if (operator === "index") return columnTerm(columnOf(table, indexedAttribute(node), pointer));
  if (isOperator(operator)) return OPERATORS[operator].read(node, reader);
  throw unsupportedOperator(operator, pointer);
}

function valueTerm({ value, pointer }: Extract<Node, { readonly value: unknown }>): Term {
  if (value === null)
    return { type: "null", certain: true, sql: () => sql`NULL`, isNull: () => TRUE, memory: () => null };
  const type = typeof value === "string" ? "text" : typeof value;
  if (type === "text" || type === "number" || type === "boolean") {
    return literalTerm(type, value as string | number | boolean);
  }
  throw unsupported("a list or a map where it cannot be said of rows", pointer);
}

export const ID = "request.resource.id";
export const ATTRIBUTES = "request.resource.attr";

/** The attribute that a variable names, or what is within one; undefined for any other variable. */
export function attributeIn(variable: string): string | undefined {
  return variable.startsWith(`${ATTRIBUTES}.`) ? variable.slice(ATTRIBUTES.length + 1) : undefined;
}

function variableTerm(
  { name, pointer }: Extract<Node, { readonly name: unknown }>,
  table: Table,
  elements: readonly Element[],
): Term {
  // The innermost list with this name hides those around it.
  const element = elements.findLast((it) => it.name === name);
  if (element !== undefined) return element.term;
  if (name === ID) return columnTerm(table.id);
  if (elements.some((it) => name.startsWith(`${it.name}.`))) {
    throw unsupported(`the variable ${named(name)}, which is within an element, and elements are no objects`, pointer);
  }
  const attribute = attributeIn(name);
  if (!attribute) throw unsupportedVariable(name, pointer);
  if (attribute.includes(".")) throw unsupported(`the variable ${named(name)}, ${WITHIN}`, pointer);
  return columnTerm(columnOf(table, attribute, pointer));
}

/** A column of JSON holds lists alone: objects in it are no attributes that a condition could name. */
const WITHIN =
  "which is within an attribute, and a column holds no object; let policies name an attribute of its own for it, with a generated column or one of a view";

/** The attribute of `R.attr["x-y"]`. */
export function indexedAttribute(node: Extract<Node, { readonly operator: string }>): string {
  const [map, key] = node.operands;
  const isAttribute = node.operands.length === 2 && map !== undefined && "name" in map && map.name === ATTRIBUTES;
  if (isAttribute && key !== undefined && "value" in key && typeof key.value === "string") return key.value;
  const isWithin =
    map !== undefined &&
    ("operator" in map ? map.operator === "index" : "name" in map && attributeIn(map.name) !== undefined);
  if (isWithin) throw unsupported(`the operator "index", ${WITHIN}`, node.pointer);
  throw unsupported('the operator "index" on something else than the attributes of the resource', node.pointer);
}

function columnOf(table: Table, attribute: string, pointer: string): NamedColumn {
  const column = Object.hasOwn(table.columns, attribute) ? table.columns[attribute] : undefined;
  if (column !== undefined) return column;
  throw unsupported(`the attribute ${named(attribute)}, for which the table has no column`, pointer);
}

function columnTerm(column: NamedColumn): Term {
  const raw = (place: Place): Sql => rawColumn(column, place);
  const memory: Term["memory"] = ({ row }) => {
    const cell = cellOf(row, column.name, column);
    return cell === MISFIT ? undefined : (cell as Cell);
  };
  return {
    type: column.type === "timestamp" ? "moment" : column.type,
    ...(column.of !== undefined && { of: column.of }),
    ...(column.null === "null" && { isNull: (place: Place) => sql`(NOT ${hasValue(column, place)})` }),
    sql: (place) =>
      column.type === "list"
        ? LIST[place.dialect](raw(place))
        : FORMS[column.type].column[place.dialect](raw(place), column),
    memory,
  };
}

/** Whether a column is not NULL. Of JSON in PostgreSQL drivers make the same of NULL and of the `null` that JSON has. */
export function hasValue(column: NamedColumn, place: Place): Sql {
  const raw = rawColumn(column, place);
  return column.type === "list" ? HAS_LIST[place.dialect](raw) : sql`${raw} IS NOT NULL`;
}

const HAS_LIST: InEach<(raw: Sql) => Sql> = {
  postgres: (raw) => sql`(${raw} IS NOT NULL AND btrim(${raw}::text, E' \\t\\n\\r') COLLATE "C" <> 'null')`,
  sqlite: (raw) => sql`${raw} IS NOT NULL`,
};

/** A column by its quoted name. */
function rawColumn({ name }: NamedColumn, { dialect, from }: Place): Sql {
  const own = quoted(name, dialect);
  return from === undefined ? own : sql`${from}.${own}`;
}

/**
 * A list as JSON, or NULL: the elements of a scalar would abort the query in PostgreSQL, and be one row in SQLite, which reads
 * JSON to the first NUL.
 */
const LIST: InEach<(raw: Sql) => Sql> = {
  postgres: (
    raw,
  ) => sql`(CASE WHEN ${typeOf(raw)} NOT IN ('json'::regtype, 'jsonb'::regtype) AND ${typeOf(raw)}::text NOT LIKE '%[]' THEN ${wrongType(raw, sql`list()`)}::boolean::text::jsonb
        WHEN jsonb_typeof(to_jsonb(${raw})) = 'array' THEN to_jsonb(${raw}) END)`,
  sqlite: (raw) =>
    sql`(CASE WHEN typeof(${raw}) = 'text' AND instr(${raw}, char(0)) = 0 THEN CASE WHEN json_valid(${raw}) THEN CASE json_type(${raw}) WHEN 'array' THEN ${raw} END END END)`,
};
