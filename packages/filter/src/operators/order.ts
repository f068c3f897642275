import type { Cell } from "../cell.ts";
import { compareText } from "../compare-text.ts";
import { alike } from "../names.ts";
import { type Sql, sql } from "../sql.ts";
import type { Place, Term } from "../term.ts";
import { unknown } from "./known.ts";
import { pairOf } from "./operands.ts";
import { type AnyOperator, operator } from "./operator.ts";

/** What CEL has an order for. Null and lists have none, and two types have none between them. */
const ORDERED: ReadonlySet<Term["type"]> = new Set(["text", "number", "boolean", "timestamp"]);

export const lt: AnyOperator = order(sql`<`, (way) => way < 0);
export const le: AnyOperator = order(sql`<=`, (way) => way <= 0);
export const gt: AnyOperator = order(sql`>`, (way) => way > 0);
export const ge: AnyOperator = order(sql`>=`, (way) => way >= 0);

function order(sign: Sql, holds: (way: number) => boolean): AnyOperator {
  const write = ([a, b]: readonly [Term, Term], place: Place): Sql =>
    isOrdered(a, b) ? sql`(${a.sql(place)} ${sign} ${b.sql(place)})` : unknown(place);
  return operator<readonly [Term, Term]>({
    gives: "boolean",
    typing: pairOf,
    ...alike(write),
    memory: ([a, b], view) => {
      const way = isOrdered(a, b) ? wayOf(a.memory(view), b.memory(view)) : undefined;
      return way === undefined ? undefined : holds(way);
    },
  });
}

function isOrdered(a: Term, b: Term): boolean {
  return a.type === b.type && ORDERED.has(a.type);
}

/** Below, at or above zero; both are of one type. */
function wayOf(left: Cell, right: Cell): number | undefined {
  if (left === undefined || right === undefined || left === null || right === null) return undefined;
  if (typeof left === "string") return compareText(left, right as string);
  return left === right ? 0 : left < right ? -1 : 1;
}
