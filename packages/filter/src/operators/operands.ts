import type { HopwiseError } from "@hopwise/core";
import type { Node } from "../read-expression.ts";
import type { Term } from "../term.ts";
import { unsupported } from "../unsupported.ts";
import type { Call, Reader } from "./operator.ts";

/** So many operands, and no other number. */
export function operandsOf<const Count extends 1 | 2 | 3>(call: Call, count: Count): Tuple<Node, Count> {
  if (call.operands.length === count) return call.operands as unknown as Tuple<Node, Count>;
  throw unsupported(`"${call.operator}" with ${call.operands.length} operands in place of ${count}`, call.pointer);
}

type Tuple<T, Count extends 1 | 2 | 3> = Count extends 1
  ? readonly [T]
  : Count extends 2
    ? readonly [T, T]
    : readonly [T, T, T];

/** Two values to compare. The text of a time is compared with nothing: its digits say little before `timestamp(…)` reads them. */
export function pairOf(call: Call, reader: Reader): readonly [Term, Term] {
  const [left, right] = operandsOf(call, 2);
  const pair = [reader.term(left), reader.term(right)] as const;
  const isTime = pair.some(({ type }) => type === "moment");
  if (isTime && !pair.some(({ type }) => type === "null")) throw onTextOfTime(call);
  return pair;
}

/** A grant compares texts, so what it says of an argument cannot be said of a time. */
export function onTextOfTime({ operator, pointer }: Call): HopwiseError {
  const remedy = "a policy must say timestamp(R.attr.…), and a grant can constrain no time";
  return unsupported(`"${operator}" on the text of a time; ${remedy}`, pointer);
}
