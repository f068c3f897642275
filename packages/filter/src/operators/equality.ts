import type { Cell } from "../cell.ts";
import { alike } from "../names.ts";
import { type Sql, sql } from "../sql.ts";
import type { Place, Term } from "../term.ts";
import { FALSE } from "../truth.ts";
import { unsupported } from "../unsupported.ts";
import { whereKnown } from "./known.ts";
import { pairOf } from "./operands.ts";
import { type AnyOperator, type Call, operator } from "./operator.ts";

type Pair = readonly [Term, Term];

export const eq: AnyOperator = operator<Pair>({
  gives: "boolean",
  typing: (call, reader) => comparable(call, pairOf(call, reader)),
  ...alike(equal),
  memory: ([a, b], view) => same(a.memory(view), a, b.memory(view), b),
});

export const ne: AnyOperator = operator<Pair>({
  gives: "boolean",
  typing: (call, reader) => comparable(call, pairOf(call, reader)),
  ...alike((pair: Pair, place: Place) => sql`(NOT ${equal(pair, place)})`),
  memory: ([a, b], view) => {
    const found = same(a.memory(view), a, b.memory(view), b);
    return found === undefined ? undefined : !found;
  },
});

/** What {@link equal} can say. */
export function comparable(call: Call, pair: Pair): Pair {
  if (pair.every(({ type }) => type === "list")) {
    throw unsupported(`"${call.operator}" on two lists`, call.pointer);
  }
  if (pair.some(({ compound }) => compound) && pair.some(({ isNull, type }) => isNull && type !== "null")) {
    throw unsupported(`"${call.operator}" on a result and what may be null`, call.pointer);
  }
  return pair;
}

/** CEL's `==`: values of two types are unequal, and null is equal to null, of whichever column. */
export function equal([a, b]: Pair, place: Place): Sql {
  const mayBeNull = a.isNull !== undefined || b.isNull !== undefined;
  if (!mayBeNull && a.type === b.type) return sql`(${a.sql(place)} = ${b.sql(place)})`;
  if (a.isNull === undefined || b.isNull === undefined) {
    // At most one of them can be null, so that they are not equal by that.
    if (a.type !== b.type) return whereKnown([a, b], place, FALSE);
    const are = sql`${a.sql(place)} = ${b.sql(place)}`;
    return whereKnown([a, b], place, sql`COALESCE(${are}, ${FALSE})`);
  }
  const bothNull = sql`(${a.isNull(place)} AND ${b.isNull(place)})`;
  const are =
    a.type === b.type ? sql`(${bothNull} OR COALESCE(${a.sql(place)} = ${b.sql(place)}, ${FALSE}))` : bothNull;
  return whereKnown([a, b], place, are);
}

/** The same in memory. */
export function same(left: Cell, { type }: Term, right: Cell, { type: other }: Term): boolean | undefined {
  if (left === undefined || right === undefined) return undefined;
  if (left === null || right === null) return left === right;
  return type === other && left === right;
}
