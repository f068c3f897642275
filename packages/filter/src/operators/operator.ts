import type { Cell } from "../cell.ts";
import type { ValueType } from "../column.ts";
import type { InEach } from "../names.ts";
import type { Node } from "../read-expression.ts";
import type { Sql } from "../sql.ts";
import type { Place, RowView, Term } from "../term.ts";

/** An operator with its operands. */
export type Call = Extract<Node, { readonly operator: string }>;

/** Reads operands. */
export interface Reader {
  /** One unknown side makes AND and OR unknown: see `RowCondition`. */
  readonly weak: boolean;
  /** How many lists are gone through here, one in another. */
  readonly depth: number;
  term(node: Node): Term;
  /** A term that is true, false or unknown: unknown for what is no boolean, as CEL has it. */
  condition(node: Node): Term;
  /** The reader within a list, where a name stands for its elements. */
  within(name: string, element: Term): Reader;
}

/** What one operator means. A row of the table without one of these does not compile. */
export interface Operator<Args> extends InEach<(args: Args, place: Place) => Sql> {
  readonly gives: ValueType;
  /** Which operands it takes. @throws {HopwiseError} `filter_unsupported` */
  readonly typing: (call: Call, reader: Reader) => Args;
  readonly memory: (args: Args, view: RowView) => Cell;
}

/** An operator of which only the result is of interest. */
export interface AnyOperator {
  read(call: Call, reader: Reader): Term;
}

/** A row of the table. */
export function operator<Args>({ gives, typing, memory, ...written }: Operator<Args>): AnyOperator {
  return {
    read: (call, reader) => {
      const args = typing(call, reader);
      return {
        type: gives,
        compound: true,
        sql: (place) => written[place.dialect](args, place),
        memory: (view) => memory(args, view),
      };
    },
  };
}
