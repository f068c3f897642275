import { nearest } from "@hopwise/core/options";
import { type CelTree, readCel } from "../plans/index.ts";
import { type AskedTool, at, type PlacedExpression, placeOf } from "../policies/index.ts";
import type { PolicyWarning } from "./policy-warning.ts";

/** What Hopwise writes in the place of a member, as far as a text of a policy can be held against it. */
interface Written {
  fits(value: unknown): boolean;
  /** Such as `"user" or "agent"`. */
  readonly words: string;
}

const KIND: Written = { fits: (it) => it === "user" || it === "agent", words: '"user" or "agent"' };
const AGENT: Written = {
  fits: (it) => typeof it === "string" && it.startsWith("agent:"),
  words: 'the id of an agent as policies see it, such as "agent:planner"',
};
const NUMBER: Written = { fits: (it) => typeof it === "number", words: "a number" };
const FLAG: Written = { fits: (it) => typeof it === "boolean", words: "true or false" };
const LIST: Written = { fits: () => false, words: 'a list, in which one looks with "…" in …' };

const OF_HOP: ReadonlyMap<string, Written> = new Map([
  ["P.attr.delegation.kind", KIND],
  ["P.attr.delegation.delegator.kind", KIND],
  ["P.attr.delegation.depth", NUMBER],
  ["P.attr.delegation.user.roles", LIST],
]);
const OF_HANDING_OVER: ReadonlyMap<string, Written> = new Map([
  ["R.attr.to", AGENT],
  ["R.attr.toKind", KIND],
  ["R.attr.depth", NUMBER],
  ["R.attr.expiresIn", NUMBER],
  ["R.attr.everyTool", FLAG],
  ["R.attr.actions", LIST],
]);

/**
 * Expressions that compare what Hopwise writes with what it never is: `R.attr.to == "planner"`, where an agent's id begins with
 * `agent:`, or, with a tool map, a name in `R.attr.actions` that no tool has. Such a comparison has one outcome, and a DENY that
 * stands on it stops nobody.
 *
 * @param kind that of the handing over; undefined where policies are not asked about it
 */
export function unknownValues(
  expressions: readonly PlacedExpression[],
  kind: string | undefined,
  tools: { readonly [tool: string]: AskedTool } | undefined,
): readonly PolicyWarning[] {
  const names = tools === undefined || Object.hasOwn(tools, "*") ? undefined : Object.keys(tools);
  return expressions.flatMap((placed) => {
    const tree = readCel(placed.text);
    if (tree === undefined) return [];
    const isHandingOver = kind !== undefined && at(at(placed.document.content, "resourcePolicy"), "resource") === kind;
    const known = isHandingOver ? new Map([...OF_HOP, ...OF_HANDING_OVER]) : OF_HOP;
    const problems = [...comparedIn(tree, known), ...(isHandingOver && names ? toolsIn(tree, names) : [])];
    return [...new Set(problems)].map((message) => ({ code: "value_unknown", ...placeOf(placed), message }));
  });
}

function comparedIn(tree: CelTree, known: ReadonlyMap<string, Written>): readonly string[] {
  const below = partsOf(tree).flatMap((it) => comparedIn(it, known));
  if (!("call" in tree) || tree.on !== undefined) return below;
  const [left, right] = tree.args;
  if (left === undefined || right === undefined) return below;
  const pairs: readonly (readonly [CelTree, CelTree])[] =
    tree.call === "in"
      ? [[left, right]]
      : ["==", "!="].includes(tree.call)
        ? [
            [left, right],
            [right, left],
          ]
        : [];
  return [
    ...pairs.flatMap(([path, values]) => {
      const name = pathOf(path);
      const written = name === undefined ? undefined : known.get(name);
      const wrong = written && literalsOf(values, tree.call).find((it) => !written.fits(it));
      return wrong === undefined
        ? []
        : [
            `the expression compares ${name} with ${JSON.stringify(wrong)}, and Hopwise writes ${written?.words}: ${NEVER}`,
          ];
    }),
    ...below,
  ];
}

function toolsIn(tree: CelTree, names: readonly string[]): readonly string[] {
  const below = partsOf(tree).flatMap((it) => toolsIn(it, names));
  if (!("call" in tree) || tree.call !== "in" || tree.on !== undefined) return below;
  const [left, right] = tree.args;
  const name = left !== undefined && "literal" in left ? left.literal : undefined;
  // Of another audience it is `<audience>#<tool>`.
  const isOther = typeof name !== "string" || name.includes("#") || names.includes(name);
  if (right === undefined || pathOf(right) !== "R.attr.actions" || isOther) return below;
  const meant = nearest(name, names);
  const message =
    `the expression looks for ${JSON.stringify(name)} in R.attr.actions, which has names of tools, and no tool of the map has that one: ` +
    `${NEVER}${meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`}`;
  return [message, ...below];
}

const NEVER = "it always comes out the same, so a rule that denies by it may stop nobody";

/** What one side is held against: one value, or each of a list that it is looked for in. */
function literalsOf(tree: CelTree, call: string): readonly unknown[] {
  const values = call === "in" ? ("list" in tree ? tree.list : []) : [tree];
  return values.flatMap((it) => ("literal" in it ? [it.literal] : []));
}

function partsOf(tree: CelTree): readonly CelTree[] {
  if ("of" in tree) return [tree.of];
  if ("list" in tree) return tree.list;
  if (!("call" in tree)) return [];
  return tree.on === undefined ? tree.args : [tree.on, ...tree.args];
}

/** Such as `R.attr.to`, however it was written. */
function pathOf(tree: CelTree): string | undefined {
  if ("name" in tree) return tree.name;
  if ("of" in tree) {
    const holder = pathOf(tree.of);
    return holder === undefined ? undefined : `${SHORT[holder] ?? holder}.${tree.member}`;
  }
  if (!("call" in tree) || tree.call !== "[]" || tree.on !== undefined) return undefined;
  const [of, index] = tree.args;
  if (of === undefined || index === undefined || !("literal" in index)) return undefined;
  return pathOf({ of, member: String(index.literal) });
}

const SHORT: { readonly [long: string]: string | undefined } = { "request.resource": "R", "request.principal": "P" };
