import { sha256 } from "../crypto/index.ts";
import { canonicalJson } from "../json/index.ts";
import type { RowCondition, RowExpression } from "./row-condition.ts";

/** Which condition rows had to fulfil, for the record. It has no value: one may be an attribute of the user. */
export interface AppliedCondition {
  /** Its form, with `?` in place of each value, such as `eq(R.attr.region, ?)`; cut where it is long. */
  readonly condition: string;
  /** SHA-256 of the whole condition with its values, in canonical JSON: the same condition has the same one. */
  readonly conditionHash: string;
  /** What the plans let through was not checked again. */
  readonly plansSuffice?: true;
}

const LONGEST = 1_000;

/** The order of operands is not stable in a plan: what is written down or hashed is put in order first. */
export async function shapeOf({ expression, required, unknown }: RowCondition): Promise<AppliedCondition> {
  const ordered = typeof expression === "boolean" ? expression : inOrder(expression);
  const text = typeof ordered === "boolean" ? (ordered ? "every row" : "no row") : written(ordered);
  return {
    condition: text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text,
    conditionHash: await sha256(
      canonicalJson({ expression: ordered, required: [...required].sort(), unknown } as never),
    ),
    ...(unknown === "weak" && { plansSuffice: true }),
  };
}

function inOrder(node: RowExpression): RowExpression {
  if (!("operator" in node)) return node;
  const operands = node.operands.map(inOrder);
  if (node.operator !== "and" && node.operator !== "or") return { ...node, operands };
  const keyed = operands.map((operand) => [canonicalJson(operand as never), operand] as const);
  keyed.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
  return { ...node, operands: keyed.map(([, operand]) => operand) };
}

function written(node: RowExpression): string {
  if ("operator" in node) return `${node.operator}(${node.operands.map(written).join(", ")})`;
  return "name" in node ? node.name.replace(/^request\.resource\./, "R.") : "?";
}
