import { at, list } from "./policy-fields.ts";

/** A condition: an expression, or several under `all`, `any` or `none`. */
export type ConditionTree =
  | { readonly op: "expr"; readonly text: string }
  | { readonly op: (typeof GROUPS)[number]; readonly of: readonly ConditionTree[] };

const GROUPS = ["all", "any", "none"] as const;

/** Reads a `condition`; undefined where there is none, or nothing in it that Cerbos would take. */
export function readCondition(condition: unknown): ConditionTree | undefined {
  return readMatch(at(condition, "match"));
}

function readMatch(match: unknown): ConditionTree | undefined {
  const text = at(match, "expr");
  if (text !== undefined) return { op: "expr", text: String(text) };
  const op = GROUPS.find((it) => at(match, it) !== undefined);
  if (op === undefined) return undefined;
  return { op, of: list(at(at(match, op), "of")).flatMap((it) => readMatch(it) ?? []) };
}

/** The texts of its expressions, in their order. */
export function leavesOf(tree: ConditionTree | undefined): readonly string[] {
  if (tree === undefined) return [];
  return tree.op === "expr" ? [tree.text] : tree.of.flatMap(leavesOf);
}

/** What came of an expression or a condition. */
export type Truth = "true" | "false" | "error";

const TRUTHS: readonly Truth[] = ["true", "false", "error"];

/** Evaluates a condition as Cerbos does: in order, up to the first member that decides or cannot be evaluated. */
export function evaluate(tree: ConditionTree, truthOf: (text: string) => Truth): Truth {
  if (tree.op === "expr") return truthOf(tree.text);
  const deciding = tree.op === "all" ? "false" : "true";
  for (const member of tree.of) {
    const truth = evaluate(member, truthOf);
    if (truth === "error") return "error";
    if (truth === deciding) return tree.op === "any" ? "true" : "false";
  }
  return tree.op === "any" ? "false" : "true";
}

/** With more expressions than this, only conditions written alike count as the same: 3 to the 8th is soon tried. */
const MOST_LEAVES = 8;

/** Whether two functions of these expressions give the same, whatever each of them gives. */
export function agree<T>(
  leaves: readonly string[],
  one: (truthOf: (text: string) => Truth) => T,
  other: (truthOf: (text: string) => Truth) => T,
): boolean {
  const texts = [...new Set(leaves)];
  if (texts.length > MOST_LEAVES) return false;
  const cases = TRUTHS.length ** texts.length;
  for (let number = 0; number < cases; number++) {
    const truthOf = (text: string): Truth =>
      TRUTHS[Math.floor(number / TRUTHS.length ** texts.indexOf(text)) % TRUTHS.length] as Truth;
    if (one(truthOf) !== other(truthOf)) return false;
  }
  return true;
}
