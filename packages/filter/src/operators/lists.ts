import type { Cell } from "../cell.ts";
import type { ElementType } from "../column.ts";
import { ELEMENT_FORMS } from "../forms.ts";
import type { InEach } from "../names.ts";
import { type Sql, sql, verbatim } from "../sql.ts";
import type { Place, RowView, Term } from "../term.ts";
import { FALSE, TRUE } from "../truth.ts";
import { unsupported } from "../unsupported.ts";
import { hasHalfCharacter } from "./half-character.ts";
import type { Call, Reader } from "./operator.ts";

/** A list column that is gone through, and a condition on each of its elements. */
export interface Each {
  readonly list: Term;
  readonly condition: Term;
  readonly depth: number;
}

/** What follows from the conditions of all elements, which are `hopwise_b`: they are counted. */
export const COUNTED: { readonly any: Sql; readonly all: Sql; readonly one: Sql } = {
  /** One that holds decides; else one that is unknown. `bool_or` and `EXISTS` would take that for false. */
  any: sql`CASE WHEN count(*) FILTER (WHERE hopwise_b) > 0 THEN ${TRUE} WHEN count(*) = count(hopwise_b) THEN ${FALSE} END`,
  all: sql`CASE WHEN count(*) FILTER (WHERE NOT hopwise_b) > 0 THEN ${FALSE} WHEN count(*) = count(hopwise_b) THEN ${TRUE} END`,
  one: sql`CASE WHEN count(*) = count(hopwise_b) THEN count(*) FILTER (WHERE hopwise_b) = 1 END`,
};

/** What is no text is of no type that an element has. */
const TEXT_TYPE: Sql = sql`CASE WHEN ${hasHalfCharacter(sql`hopwise_j.value`)} THEN 'half' ELSE hopwise_j.type END`;

/** The term that stands for an element of a list, which may be null whatever the list is of. */
export function elementTerm(of: ElementType, depth: number): Term {
  const [value, type] = [valueAt(depth), typeAt(depth)];
  const form = ELEMENT_FORMS[of];
  return {
    type: of,
    sql: ({ dialect }) => form[dialect](value, type),
    isNull: ({ dialect }) => IS_NULL[dialect](value, type),
    memory: ({ elements }) => elements[depth],
  };
}

const IS_NULL: InEach<(value: Sql, type: Sql) => Sql> = {
  postgres: (value) => sql`jsonb_typeof(${value}) = 'null'`,
  sqlite: (_, type) => sql`${type} = 'null'`,
};

/** The list column that an operand is. */
export function listOf(call: Call, list: Term): Term & { readonly of: ElementType } {
  const { type, of } = list;
  if (type === "list" && of !== undefined) return { ...list, of };
  throw unsupported(`"${call.operator}" on what is no list column`, call.pointer);
}

/**
 * Goes through the elements. Names of the inner queries are our own: `json_each` has columns `value`, `type` and `id`, and
 * a column of the table without a name before it would be taken for one of them.
 */
export function throughEach({ list, condition, depth }: Each, fold: Sql, place: Place): Sql {
  const from = FROM_EACH[place.dialect](list, depth, list.sql(place));
  return sql`(CASE WHEN ${list.sql(place)} IS NOT NULL THEN (SELECT ${fold} FROM (SELECT ${condition.sql(place)} AS hopwise_b FROM (${from}) AS hopwise_e) AS hopwise_c) END)`;
}

/** The elements of a list, with the names that {@link elementTerm} has for them. */
const FROM_EACH: InEach<(list: Term, depth: number, written: Sql) => Sql> = {
  postgres: (_, depth, written) =>
    sql`SELECT hopwise_j.value AS ${valueAt(depth)} FROM (SELECT ${written} AS hopwise_l) AS hopwise_s, jsonb_array_elements(hopwise_s.hopwise_l) AS hopwise_j(value)`,
  sqlite: ({ of }, depth, written) =>
    sql`SELECT hopwise_j.value AS ${valueAt(depth)}, ${of === "text" ? TEXT_TYPE : sql`hopwise_j.type`} AS ${typeAt(depth)} FROM (SELECT ${written} AS hopwise_l) AS hopwise_s, json_each(hopwise_s.hopwise_l) AS hopwise_j`,
};

function valueAt(depth: number): Sql {
  return verbatim(`hopwise_v${depth}`);
}

function typeAt(depth: number): Sql {
  return verbatim(`hopwise_t${depth}`);
}

/** The truths of all elements; undefined where the list is not known. */
export function truthsOf({ list, condition, depth }: Each, view: RowView): readonly Cell[] | undefined {
  const elements = list.memory(view);
  if (!Array.isArray(elements)) return undefined;
  return elements.map((element: Cell) =>
    condition.memory({ row: view.row, elements: [...view.elements.slice(0, depth), element] }),
  );
}

/** The same as the SQL of {@link COUNTED} for `any`. */
export function anyOf(truths: readonly Cell[]): Cell {
  if (truths.includes(true)) return true;
  return truths.includes(undefined) ? undefined : false;
}

/** The condition and the name within `lambda(condition, name)`. */
export function eachOf(call: Call, reader: Reader): Each {
  const [over, lambda] = call.operands;
  if (call.operands.length !== 2 || over === undefined || lambda === undefined) throw lambdaError(call);
  if (!("operator" in lambda) || lambda.operator !== "lambda" || lambda.operands.length !== 2) throw lambdaError(call);
  const [body, variable] = lambda.operands;
  if (body === undefined || variable === undefined || !("name" in variable)) throw lambdaError(call);
  const list = listOf(call, reader.term(over));
  const { depth } = reader;
  const within = reader.within(variable.name, elementTerm(list.of, depth));
  return { list, condition: within.condition(body), depth };
}

function lambdaError(call: Call): Error {
  return unsupported(`"${call.operator}" without a list and one variable`, call.pointer);
}
