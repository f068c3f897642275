import type { JsonValue } from "@hopwise/core/adapter";
import type { Cell } from "../cell.ts";
import type { ElementType } from "../column.ts";
import { AMONG, type Scalar } from "../forms.ts";
import { alike } from "../names.ts";
import { type Sql, sql } from "../sql.ts";
import type { Place, RowView, Term } from "../term.ts";
import { FALSE, TRUE } from "../truth.ts";
import { unsupported } from "../unsupported.ts";
import { comparable, equal, same } from "./equality.ts";
import { whereKnown } from "./known.ts";
import { anyOf, COUNTED, type Each, elementTerm, listOf, throughEach, truthsOf } from "./lists.ts";
import { onTextOfTime, operandsOf } from "./operands.ts";
import { type AnyOperator, type Call, operator, type Reader } from "./operator.ts";

/** One of several values, or an element of a list column. */
type Membership =
  | { readonly item: Term; readonly several: ReadonlySet<Scalar>; readonly orNull: boolean }
  | { readonly item: Term; readonly each: Each };

export const isIn: AnyOperator = operator<Membership>({
  gives: "boolean",
  typing: membershipOf,
  ...alike(write),
  memory: (membership, view) => {
    const item = membership.item.memory(view);
    if (item === undefined) return undefined;
    if ("each" in membership) return amongElements(membership.each, view);
    return item === null ? membership.orNull : membership.several.has(item as Scalar);
  },
});

function membershipOf(call: Call, reader: Reader): Membership {
  const [first, second] = operandsOf(call, 2);
  const item = reader.term(first);
  if (item.type === "moment") throw onTextOfTime(call);
  if (item.type === "list") throw unsupported('"in" for a list', call.pointer);
  if ("value" in second && Array.isArray(second.value)) return severalOf(item, second.value);
  const list = listOf(call, reader.term(second));
  const element = elementTerm(list.of, reader.depth);
  const pair = comparable(call, [item, element]);
  const condition: Term = {
    type: "boolean",
    sql: (place) => equal(pair, place),
    memory: (view) => same(item.memory(view), item, element.memory(view), element),
  };
  return { item, each: { list, condition, depth: reader.depth } };
}

/** The values of the same type: no other one can be equal. Of times there are none, since JSON has none. */
function severalOf(item: Term, values: readonly JsonValue[]): Membership {
  const of = item.type === "text" ? "string" : item.type;
  const several = values.filter((value): value is Scalar => typeof value === of);
  return { item, several: new Set(several), orNull: values.includes(null) };
}

function write(membership: Membership, place: Place): Sql {
  const { item } = membership;
  if ("each" in membership) return whereKnown([item], place, throughEach(membership.each, COUNTED.any, place));
  const { several, orNull } = membership;
  const whereNull = orNull ? TRUE : FALSE;
  if (several.size === 0) {
    return whereKnown([item], place, orNull && item.isNull !== undefined ? item.isNull(place) : FALSE);
  }
  const among = AMONG[item.type as ElementType][place.dialect](item.sql(place), [...several]);
  // Without a row that is NULL the database's own `IN` is unknown just where the value is.
  return item.isNull === undefined ? among : whereKnown([item], place, sql`COALESCE(${among}, ${whereNull})`);
}

function amongElements(each: Each, view: RowView): Cell {
  const truths = truthsOf(each, view);
  return truths === undefined ? undefined : anyOf(truths);
}
