import { type CelCall, type CelTree, MACROS, readCel } from "../plans/index.ts";
import { type PlacedExpression, placeOf } from "../policies/index.ts";
import { NOT_EVALUATED, type PolicyWarning } from "./policy-warning.ts";

/** An operation in an expression whose two sides are never of types that fit. */
interface NeverFits {
  /** The side that a request or a constant gives, such as `R.attr.due`. */
  readonly value: string;
  /** What stands beside it. */
  readonly beside: "int" | "time";
  /** Two values of different types are compared without a failure, and never equal. */
  readonly isEquality: boolean;
}

/**
 * Finds what no request lets Cerbos evaluate. Attributes and constants are JSON: their numbers are doubles, with which CEL does
 * not count whole numbers, and a time among them is a text, which is before or after nothing. Cerbos compiles it all,
 * since it does not know the type of an attribute.
 */
export function neverFitting(expressions: readonly PlacedExpression[]): readonly PolicyWarning[] {
  return expressions.flatMap((placed) => {
    const tree = readCel(placed.text);
    const found = tree === undefined ? [] : within(tree, new Set());
    const different = new Map(found.map((it) => [JSON.stringify(it), it]));
    return [...different.values()].map((it) => ({ ...placeOf(placed), ...warningAbout(it) }));
  });
}

function warningAbout({ value, beside, isEquality }: NeverFits) {
  const comes = isEquality ? "the two are never equal" : NOT_EVALUATED;
  return {
    code: "types_never_fit",
    attribute: value,
    message:
      beside === "int"
        ? `the expression counts with ${value}, which is never a whole number to Cerbos (numbers of JSON are doubles), and a ` +
          `whole number: ${comes}. Write the other one as a double, such as 1.0 or double(…), or take int(${value})`
        : `the expression takes ${value} for a time, and JSON has none: ${comes}. Write timestamp(${value}), or ` +
          `duration(${value}) for a length of time`,
  } as const;
}

/** `json`: whatever JSON can hold. Undefined is not known here. */
type Type = "json" | "int" | "time" | undefined;

const COUNTING: ReadonlySet<string> = new Set(["+", "-", "*", "/", "%"]);
const ORDERING: ReadonlySet<string> = new Set(["<", "<=", ">", ">="]);
const EQUALITY: ReadonlySet<string> = new Set(["==", "!="]);
/** Methods of times and durations. */
const OF_TIMES = /^(?:timeSince|get[A-Z]\w*)$/;

/** @param elements names of elements of JSON */
function within(tree: CelTree, elements: ReadonlySet<string>): readonly NeverFits[] {
  if ("of" in tree) return within(tree.of, elements);
  if ("list" in tree) return tree.list.flatMap((it) => within(it, elements));
  if (!("call" in tree)) return [];
  const { on, args } = tree;
  const inner = inMacro(tree, elements);
  const below = [...(on === undefined ? [] : within(on, elements)), ...args.flatMap((it) => within(it, inner))];
  return [...misfits(tree, elements), ...below];
}

/**
 * What a macro names stands for what it finds. Of two names the first is the place in a
 * list, which CEL counts in whole numbers, or the key of a map.
 */
function inMacro({ call, on, args }: CelCall, elements: ReadonlySet<string>): ReadonlySet<string> {
  if (on === undefined || !MACROS.has(call)) return elements;
  const named = args.slice(0, args.length === 3 && call !== "map" ? 2 : 1);
  const names = named.flatMap((it) => ("name" in it ? [it.name] : []));
  const outer = [...elements].filter((name) => !names.includes(name));
  return new Set(typeOf(on, elements) === "json" ? [...outer, ...names.slice(-1)] : outer);
}

function misfits({ call, on, args }: CelCall, elements: ReadonlySet<string>): NeverFits[] {
  if (on !== undefined) {
    const isTimed = OF_TIMES.test(call) && typeOf(on, elements) === "json";
    return isTimed ? [{ value: wordsOf(on), beside: "time", isEquality: false }] : [];
  }
  const [left, right] = args;
  if (left === undefined || right === undefined || args.length > 2) return [];
  const types = [typeOf(left, elements), typeOf(right, elements)];
  const value = wordsOf(types[0] === "json" ? left : right);
  const has = (beside: "int" | "time"): boolean => types.includes("json") && types.includes(beside);
  if (COUNTING.has(call) && has("int")) return [{ value, beside: "int", isEquality: false }];
  const isEquality = EQUALITY.has(call);
  return (isEquality || COUNTING.has(call) || ORDERING.has(call)) && has("time")
    ? [{ value, beside: "time", isEquality }]
    : [];
}

function typeOf(tree: CelTree, elements: ReadonlySet<string>): Type {
  if ("literal" in tree) return typeof tree.literal === "number" && tree.isDouble !== true ? "int" : undefined;
  if ("name" in tree) return elements.has(tree.name) ? "json" : undefined;
  if ("of" in tree) return holdsJson(tree.of, elements) ? "json" : undefined;
  if ("list" in tree) return undefined;
  const { call, on, args } = tree;
  const [holder] = args;
  if (call === "[]") return holder !== undefined && holdsJson(holder, elements) ? "json" : undefined;
  if (on !== undefined) {
    if (call === "timeSince") return "time";
    return call === "size" || OF_TIMES.test(call) ? "int" : undefined;
  }
  if (call === "int" || call === "uint" || call === "size") return "int";
  if (call === "now" || call === "timestamp" || call === "duration") return "time";
  const [first, ...others] = args.map((it) => typeOf(it, elements));
  return COUNTING.has(call) && others.every((type) => type === first) ? first : undefined;
}

function holdsJson(tree: CelTree, elements: ReadonlySet<string>): boolean {
  return HOLDERS.test(wordsOf(tree)) || typeOf(tree, elements) === "json";
}

/** Globals are none of these: Cerbos reads them of its configuration, where 60 is a whole number. */
const HOLDERS = /^(?:(?:R|P|request\.resource|request\.principal)\.attr|C|constants)$/;

/** As it was written, but for what stands in brackets. */
function wordsOf(tree: CelTree): string {
  if ("name" in tree) return tree.name;
  if ("of" in tree) return `${wordsOf(tree.of)}.${tree.member}`;
  if (!("call" in tree)) return "…";
  const [first, index] = tree.args;
  if (first === undefined || tree.on !== undefined) return "…";
  if (tree.call === "[]")
    return `${wordsOf(first)}[${index && "literal" in index ? JSON.stringify(index.literal) : "…"}]`;
  return COUNTING.has(tree.call) ? tree.args.map(wordsOf).join(` ${tree.call} `) : "…";
}
