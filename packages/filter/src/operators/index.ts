/** What can a policy say of a row, and what does it mean in each place? */
import { eq, ne } from "./equality.ts";
import { and, conditional, not, or } from "./logic.ts";
import { isIn } from "./membership.ts";
import type { AnyOperator } from "./operator.ts";
import { ge, gt, le, lt } from "./order.ts";
import { all, exists, existsOne } from "./quantifiers.ts";
import { contains, endsWith, startsWith } from "./texts.ts";
import { size, timestampOf } from "./values.ts";

export { unknown } from "./known.ts";
export type { Reader } from "./operator.ts";

/** Every operator that is understood, by the name that Cerbos gives it. What is not here is refused. */
export type OperatorName =
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "in"
  | "and"
  | "or"
  | "not"
  | "if"
  | "startsWith"
  | "endsWith"
  | "contains"
  | "exists"
  | "exists_one"
  | "all"
  | "size"
  | "timestamp";

/** The table. What an operator means in each place stands in one row, and a row without one of them does not compile. */
export const OPERATORS: { readonly [Name in OperatorName]: AnyOperator } = {
  eq,
  ne,
  lt,
  le,
  gt,
  ge,
  in: isIn,
  and,
  or,
  not,
  if: conditional,
  startsWith,
  endsWith,
  contains,
  exists,
  exists_one: existsOne,
  all,
  size,
  timestamp: timestampOf,
};

export function isOperator(name: string): name is OperatorName {
  return Object.hasOwn(OPERATORS, name);
}
