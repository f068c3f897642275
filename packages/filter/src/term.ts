import type { Cell } from "./cell.ts";
import type { ElementType, ValueType } from "./column.ts";
import { FORMS, type Scalar } from "./forms.ts";
import type { Dialect } from "./names.ts";
import type { Sql } from "./sql.ts";

/** Where SQL is written for. */
export interface Place {
  readonly dialect: Dialect;
  /** The quoted name before a column's. */
  readonly from: Sql | undefined;
}

/** A row in memory, and the elements of the lists that are being gone through. */
export interface RowView {
  readonly row: object;
  readonly elements: readonly Cell[];
}

/**
 * A value of an expression in each form: a column, an element, a literal, what an operator gives. A condition is one of
 * type `boolean`. `moment` is the text of a time before `timestamp(…)` made one of it.
 */
export interface Term {
  readonly type: ValueType | "list" | "null" | "moment";
  readonly of?: ElementType;
  /** It is known in every row: a literal. */
  readonly certain?: true;
  /** It may be long, so that it must not be written twice: what an operator gives. */
  readonly compound?: true;
  /** The value: NULL where it is null, or not known. */
  readonly sql: (place: Place) => Sql;
  /** Whether it is null as policies see it; left out for what never is. */
  readonly isNull?: (place: Place) => Sql;
  readonly memory: (view: RowView) => Cell;
}

/** A value that stands in the condition itself. */
export function literalTerm(type: ValueType, value: Scalar): Term {
  return { type, certain: true, sql: ({ dialect }) => FORMS[type].literal[dialect](value), memory: () => value };
}
