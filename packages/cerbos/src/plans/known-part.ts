import type { CelTree } from "./cel-tree.ts";
import { type Given, MACROS, pathIn } from "./plan-expression.ts";
import { elementOf, type RowSchema, type ValueType } from "./row-schema.ts";

/** What is known of rows and principals, by the schemas that a PDP checks. */
export interface Known extends Given {
  readonly resource: RowSchema;
  readonly principal: RowSchema;
}

/** The types of elements of lists, by their names, where they are the same for each row. */
export type KnownElements = ReadonlyMap<string, ValueType>;

/**
 * What Cerbos takes otherwise, when it plans, than a check does: in a part of an expression that is the same for each row,
 * beside one that reads the row. All else it evaluates, and leaves as it is where that fails.
 */
export function misreadPart(
  tree: CelTree,
  known: Known,
  elements: KnownElements,
  inBranch: boolean,
): string | undefined {
  const inner = (it: CelTree): string | undefined => misreadPart(it, known, elements, inBranch);
  if ("list" in tree) return first(tree.list, inner);
  if ("of" in tree) return inner(tree.of);
  if (!("call" in tree)) return undefined;
  const { call, on, args } = tree;
  if (call === "has") return misreadHas(args[0], inBranch);
  if (call === "?:") {
    const [condition, ...branches] = args as readonly [CelTree, ...CelTree[]];
    const inBranches = (it: CelTree): string | undefined => misreadPart(it, known, elements, true);
    return misreadTruth([condition], known, elements, call) ?? inner(condition) ?? first(branches, inBranches);
  }
  const within = new Map(elements);
  for (const name of MACROS.has(call) ? args.slice(0, -1) : []) {
    const type = on === undefined ? "unknown" : typeOfKnown(on, known, elements);
    if ("name" in name) within.set(name.name, (args.length === 2 && elementOf(type)) || "unknown");
  }
  return (
    (["&&", "||", "!"].includes(call) ? misreadTruth(args, known, elements, call) : undefined) ??
    (call === "in" ? misreadIn(args[1] as CelTree, known, elements) : undefined) ??
    (on === undefined ? undefined : inner(on)) ??
    first(args, (it) => misreadPart(it, known, within, inBranch))
  );
}

function first(trees: readonly CelTree[], misread: (tree: CelTree) => string | undefined): string | undefined {
  for (const tree of trees) {
    const found = misread(tree);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** One step cannot fail: the principal always has attributes, and a call its arguments. */
function misreadHas(asked: CelTree | undefined, inBranch: boolean): string | undefined {
  if (inBranch) return "asks has() in a branch of ? :, where a plan takes it for true";
  if (asked === undefined) return "has what is not understood here";
  const steps = [pathIn(asked, "P")?.length ?? Infinity, (pathIn(asked, "A")?.length ?? Infinity) - 1];
  if (Math.min(...steps) <= 1) return undefined;
  return (
    "asks has() of something below an attribute, beside a part that reads the row: where the attribute is missing a check " +
    "fails, and a plan takes it for true. Ask in an expr of its own (under all)"
  );
}

function misreadIn(list: CelTree, known: Known, elements: KnownElements): string | undefined {
  const type = typeOfKnown(list, known, elements);
  return elementOf(type) === undefined ? unlessList(type, "behind in") : undefined;
}

function misreadTruth(
  operands: readonly CelTree[],
  known: Known,
  elements: KnownElements,
  call: string,
): string | undefined {
  const type = operands.map((it) => typeOfKnown(it, known, elements)).find((it) => it !== "boolean");
  return type && unlessOf("boolean", type, `under ${call}`);
}

/** Of what must be a list. */
export function unlessList(type: ValueType, where: string): string {
  return `has ${named(type)} ${where}: a plan takes it as it is, and a check fails unless it is a list`;
}

/** Of what must be of a type. */
export function unlessOf(wanted: ValueType, type: ValueType, where: string): string {
  return `has ${named(type)} ${where}: a check fails unless it is a ${wanted}, and a plan may not`;
}

export function named(type: ValueType): string {
  return type === "unknown" ? "what no schema gives one type" : type === "null" ? "null" : `a ${type}`;
}

/** The type of what is the same for each row, as far as its form or the principal schema tells. */
export function typeOfKnown(tree: CelTree, known: Known, elements: KnownElements): ValueType {
  if ("literal" in tree) return LITERALS[typeof tree.literal] ?? "null";
  if ("name" in tree) return elements.get(tree.name) ?? "unknown";
  if ("list" in tree) {
    const types = new Set(tree.list.map((it) => typeOfKnown(it, known, elements)));
    return `list of ${types.size === 1 ? [...types][0] : "unknown"}`;
  }
  if ("call" in tree && tree.call === "?:") {
    const types = new Set(tree.args.slice(1).map((it) => typeOfKnown(it, known, elements)));
    return types.size === 1 ? ([...types][0] as ValueType) : "unknown";
  }
  if ("call" in tree && CALLS[tree.call] !== undefined) return CALLS[tree.call] as ValueType;
  const path = pathIn(tree, "P");
  if (path !== undefined) return known.principal.typeOf(path);
  const argument = pathIn(tree, "A");
  if (argument !== undefined) return known.resource.typeOf(argument);
  if (!("of" in tree) || !("name" in tree.of)) return "unknown";
  return MEMBERS[`${tree.of.name}.${tree.member}`] ?? "unknown";
}

const LITERALS: { readonly [type: string]: ValueType } = { string: "text", number: "number", boolean: "boolean" };
const MEMBERS: { readonly [member: string]: ValueType } = {
  "P.id": "text",
  "P.scope": "text",
  "P.roles": "list of text",
  "R.kind": "text",
  "R.scope": "text",
};
const BOOLEAN = `&& || ! == != < <= > >= in has all exists exists_one startsWith endsWith contains matches hasIntersection
  isSubset`;
const CALLS: { readonly [call: string]: ValueType | undefined } = Object.fromEntries([
  ...BOOLEAN.split(/\s+/).map((it) => [it, "boolean"]),
  ..."size int uint double".split(" ").map((it) => [it, "number"]),
  ..."string lowerAscii upperAscii".split(" ").map((it) => [it, "text"]),
  ..."now timestamp".split(" ").map((it) => [it, "timestamp"]),
]);
