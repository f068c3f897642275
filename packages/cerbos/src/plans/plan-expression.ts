import type { PolicyParameters } from "../policies/index.ts";
import { type CelTree, readCel } from "./cel-tree.ts";

/**
 * Names that do not depend on the row. `K` stands for a constant that is no text, number or list of these, and `A` for the
 * resource as far as it is the same for all rows: `A.attr.args`.
 */
const KNOWN: ReadonlySet<string> = new Set(["P", "A", "G", "globals", "auxData", "K"]);
/** What they have first is the name of an element. */
export const MACROS: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "existsOne", "filter", "map"]);

/** What the expressions of a policy stand on. */
export interface Given {
  readonly parameters: PolicyParameters;
  /** The attribute that holds the arguments of the call: all rows have the same. */
  readonly argumentsAs: string;
}

/**
 * An expression with short names (`R`, `P`) and with what variables and constants stand for. A variable that is not known
 * here stays as a name, which nothing knows.
 */
export function planExpression(text: string, given: Given): CelTree | undefined {
  const tree = readCel(text);
  return tree === undefined ? undefined : spelledOut(tree, given, []);
}

function spelledOut(tree: CelTree, given: Given, within: readonly string[]): CelTree {
  const inner = (it: CelTree): CelTree => spelledOut(it, given, within);
  if ("list" in tree) return { list: tree.list.map(inner) };
  if ("call" in tree) {
    const { call, on, args } = tree;
    return ofArguments({ call, args: args.map(inner), ...(on !== undefined && { on: inner(on) }) }, given);
  }
  if (!("of" in tree)) return tree;
  const { of, member } = tree;
  if (!("name" in of)) return ofArguments({ of: inner(of), member }, given);
  switch (of.name) {
    case "V":
    case "variables":
      return variable(member, given, within);
    case "C":
    case "constants":
      return constant(given.parameters.constants.find(([name]) => name === member)?.[1]);
    case "request":
      return { name: SHORT[member] ?? `request.${member}` };
    default:
      return tree;
  }
}

const SHORT: { readonly [member: string]: string } = {
  resource: "R",
  principal: "P",
  auxData: "auxData",
  aux_data: "auxData",
};

function ofArguments(tree: CelTree, { argumentsAs }: Given): CelTree {
  const path = pathIn(tree, "R");
  if (path?.length !== 1 || path[0] !== argumentsAs) return tree;
  return { of: { of: { name: "A" }, member: "attr" }, member: argumentsAs };
}

function variable(name: string, given: Given, within: readonly string[]): CelTree {
  const text = given.parameters.variables.find(([it]) => it === name)?.[1];
  const tree = text === undefined || within.includes(name) ? undefined : readCel(text);
  return tree === undefined ? { name: `V.${name}` } : spelledOut(tree, given, [...within, name]);
}

function constant(value: unknown): CelTree {
  if (Array.isArray(value)) return { list: value.map(constant) };
  if (value === null || ["string", "number", "boolean"].includes(typeof value)) return { literal: value as string };
  return { name: "K" };
}

/** Whether it can have another value for another row. @param elements names of lists' elements, and whether these do */
export function dependsOnRow(tree: CelTree, elements: ReadonlyMap<string, boolean> = new Map()): boolean {
  if ("literal" in tree) return false;
  if ("name" in tree) return elements.get(tree.name) ?? !KNOWN.has(tree.name);
  if ("list" in tree) return tree.list.some((it) => dependsOnRow(it, elements));
  if ("of" in tree) {
    const isPlace = "name" in tree.of && tree.of.name === "R" && ["kind", "scope"].includes(tree.member);
    return !isPlace && dependsOnRow(tree.of, elements);
  }
  const { call, on, args } = tree;
  const isOnRow = on !== undefined && dependsOnRow(on, elements);
  const named = MACROS.has(call) ? args.slice(0, -1).flatMap((it) => ("name" in it ? [it.name] : [])) : [];
  const within = new Map([...elements, ...named.map((name) => [name, isOnRow] as const)]);
  return isOnRow || args.some((it) => dependsOnRow(it, within));
}

/** The steps from `R.attr` (`P.attr`, `A.attr`) to what it reads; undefined where it is no path of known names. */
export function pathIn(tree: CelTree, root: "R" | "P" | "A"): readonly string[] | undefined {
  if ("of" in tree) {
    if ("name" in tree.of) return tree.of.name === root && tree.member === "attr" ? [] : undefined;
    const before = pathIn(tree.of, root);
    return before === undefined ? undefined : [...before, tree.member];
  }
  if (!("call" in tree) || tree.call !== "[]") return undefined;
  const [of, index] = tree.args;
  if (of === undefined || index === undefined || !("literal" in index)) return undefined;
  const { literal } = index;
  // What a backslash stands for is not read here.
  if (typeof literal !== "string" || literal.includes("\\")) return undefined;
  const before = pathIn(of, root);
  return before === undefined ? undefined : [...before, literal];
}
