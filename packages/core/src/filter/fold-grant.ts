import {
  type Constraint,
  type ConstraintOf,
  type ConstraintType,
  isNoArguments,
  type ToolGrant,
} from "../grant/index.ts";
import { isScalar, type JsonValue, pointerTo } from "../json/index.ts";
import { plainText } from "../lib/index.ts";
import { allOf, anyOf, calls, type RowExpression, variableOf } from "./row-condition.ts";

/** What a grant says of the rows; or the argument of which it says something that cannot be said of rows, and why. */
export type Folded = { readonly rows: RowExpression | boolean } | { readonly pointer: string; readonly rule: string };

/** What a tool's arguments say of a row: `R.id`, an attribute, or nothing of it. */
export interface OfRows {
  readonly [argument: string]: string | null;
}

/** What the tool map says of an argument; undefined where it says nothing. */
export function wordOf(ofRows: OfRows, argument: string): string | null | undefined {
  return Object.hasOwn(ofRows, argument) ? ofRows[argument] : undefined;
}

/** The constraints of a tool's arguments as a condition on its rows. */
export function foldGrant(constraints: ToolGrant, ofRows: OfRows): Folded {
  const parts: (RowExpression | boolean)[] = [];
  for (const [name, constraint] of Object.entries(constraints)) {
    if (isNoArguments(name, constraint)) continue;
    const word = wordOf(ofRows, name);
    // It is held against what was sent.
    if (word === null) continue;
    // One that lets everything pass says nothing of a row, whatever its argument does.
    if (word === undefined && folded(constraint, ID) === true) continue;
    const rows = word === undefined ? undefined : folded(constraint, variableOf(word));
    if (rows === undefined) {
      const pointer = pointerTo("", name);
      const rule =
        word === undefined
          ? `it constrains "${plainText(name)}" (${constraint.constraint_type}), and the tool map does not say what that says of a row; add it to filter.arguments, as R.id, an attribute such as R.attr.region, or null where it says nothing`
          : `it constrains "${plainText(name)}" by ${unsaid(constraint)}, which cannot be said of rows; hand over a kind that can, or map it to null`;
      return { pointer, rule };
    }
    parts.push(rows);
  }
  return { rows: allOf(parts) };
}

const ID: RowExpression = variableOf("R.id");

/**
 * The row has the attribute: a missing argument passes no constraint, and a row without the attribute is one. A comparison
 * with null says that of each value, and nothing of one that is not there.
 */
function presence(variable: RowExpression): RowExpression | true {
  if ("name" in variable && "name" in ID && variable.name === ID.name) return true;
  return calls("or", calls("eq", variable, value(null)), calls("ne", variable, value(null)));
}

/** The constraint that no expression says: of one that is made of others, the first of these. */
function unsaid(constraint: Constraint): ConstraintType {
  const part = partsOf(constraint).find((it) => folded(it, ID) === undefined);
  return part === undefined ? constraint.constraint_type : unsaid(part);
}

function partsOf(constraint: Constraint): readonly Constraint[] {
  switch (constraint.constraint_type) {
    case "all":
    case "any":
      return constraint.constraints;
    case "optional":
      return [constraint.constraint];
    default:
      return [];
  }
}

type Fold<T extends ConstraintType> = (
  constraint: ConstraintOf<T>,
  variable: RowExpression,
) => RowExpression | boolean | undefined;

function value(of: JsonValue): RowExpression {
  return { value: of };
}

/** `undefined` for a kind that no expression says exactly. */
const cannot = (): undefined => undefined;

/** A row for each kind of constraint: a new one does not compile before it is said here what it says of rows. */
const FOLDS: { readonly [T in ConstraintType]: Fold<T> } = {
  wildcard: (_, variable) => presence(variable),
  exact: (it, variable) => (isScalar(it.value) ? calls("eq", variable, value(it.value)) : undefined),
  one_of: (it, variable) => calls("in", variable, value([...it.values])),
  not_one_of: (it, variable) => calls("not", calls("in", variable, value([...it.excluded]))),
  range: ({ min, max, min_inclusive = true, max_inclusive = true }, variable) => {
    // Without a bound it still lets numbers pass alone, which no comparison says.
    if (min === undefined && max === undefined) return undefined;
    return allOf([
      min === undefined ? true : calls(min_inclusive ? "ge" : "gt", variable, value(min)),
      max === undefined ? true : calls(max_inclusive ? "le" : "lt", variable, value(max)),
    ]);
  },
  prefix: (it, variable) => calls("startsWith", variable, value(it.value)),
  suffix: (it, variable) => calls("endsWith", variable, value(it.value)),
  contains: ({ required }, variable) =>
    required.length === 0 ? undefined : allOf(required.map((item) => calls("in", value(item), variable))),
  all: ({ constraints }, variable) => join(constraints, variable, allOf),
  any: ({ constraints }, variable) => join(constraints, variable, anyOf),
  optional: ({ constraint }, variable) => folded(constraint, variable),
  absent: cannot,
  cidr: cannot,
  each: cannot,
  int: cannot,
  length: cannot,
  object: cannot,
  path: cannot,
  subset: cannot,
  url: cannot,
};

function folded(constraint: Constraint, variable: RowExpression): RowExpression | boolean | undefined {
  return (FOLDS[constraint.constraint_type] as Fold<ConstraintType>)(constraint, variable);
}

function join(
  constraints: readonly Constraint[],
  variable: RowExpression,
  by: typeof allOf,
): RowExpression | boolean | undefined {
  const parts = constraints.map((constraint) => folded(constraint, variable));
  return parts.includes(undefined) ? undefined : by(parts as (RowExpression | boolean)[]);
}
