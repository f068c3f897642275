import type { RowCondition, RowExpression } from "@hopwise/core/filter";
import { isOperator } from "./operators/index.ts";
import { ATTRIBUTES, attributeIn, ID, indexedAttribute, partsOf } from "./read-condition.ts";
import { type Node, readExpression } from "./read-expression.ts";
import { named, unsupported, unsupportedOperator, unsupportedVariable } from "./unsupported.ts";

/** A query plan as Cerbos' own clients give it, as far as adapters for ORMs read it. */
export type CerbosPlan =
  | { readonly kind: "KIND_ALWAYS_ALLOWED" | "KIND_ALWAYS_DENIED" }
  | { readonly kind: "KIND_CONDITIONAL"; readonly condition: RowExpression };

/**
 * The condition as Cerbos' own query plan, for the adapters that exist: `queryPlanToPrisma({ queryPlan, … })`,
 * `queryPlanToMongoose`. What such an adapter makes of it is its own: see the README. `visibleRows` with `dialect: "cerbos"` gives the
 * plan for a table, and has the rows checked.
 *
 * Each required attribute is `ne(attribute, null)` in it, which adapters write as IS NOT NULL. That one unknown side makes
 * AND and OR unknown cannot be said in a plan; where every attribute of the condition is required, it makes no difference.
 *
 * @throws {HopwiseError} `filter_unsupported` for what is not in the table of operators, and for an attribute that may be
 *   absent where no second check follows; `config_invalid` for what is no condition
 */
export function toCerbos(condition: RowCondition): CerbosPlan {
  const { expression, required, unknown } = partsOf("toCerbos", condition);
  if (expression === false) return { kind: "KIND_ALWAYS_DENIED" };
  const present = required.map((attribute) => call("ne", variable(attribute), { value: null }));
  const parts =
    expression === true
      ? present
      : [
          plainOf(readExpression(expression), { elements: [], present: unknown === "weak" ? required : undefined }),
          ...present,
        ];
  const [first] = parts;
  if (first === undefined) return { kind: "KIND_ALWAYS_ALLOWED" };
  return { kind: "KIND_CONDITIONAL", condition: parts.length === 1 ? first : call("and", ...parts) };
}

function variable(attribute: string): RowExpression {
  // A dot would be a step into a map.
  if (/^[A-Za-z_]\w*$/.test(attribute)) return { name: `${ATTRIBUTES}.${attribute}` };
  return call("index", { name: ATTRIBUTES }, { value: attribute });
}

function call(operator: string, ...operands: RowExpression[]): RowExpression {
  return { operator, operands };
}

/** What may be named in a part of a condition. */
interface Scope {
  /** Names that stand for elements of lists. */
  readonly elements: readonly string[];
  /** The only attributes that may be named; all where it is undefined. */
  readonly present: readonly string[] | undefined;
}

function plainOf(node: Node, scope: Scope): RowExpression {
  if ("value" in node) return { value: node.value };
  if ("name" in node) return nameIn(node, scope);
  const { operator, operands, pointer } = node;
  if (operator === "index") return indexIn(node, scope);
  if (operator !== "lambda" && !isOperator(operator)) throw unsupportedOperator(operator, pointer);
  const bound = operator === "lambda" ? operands.slice(1).flatMap((it) => ("name" in it ? [it.name] : [])) : [];
  const within = { ...scope, elements: [...scope.elements, ...bound] };
  return call(operator, ...operands.map((it) => plainOf(it, within)));
}

function nameIn({ name, pointer }: Extract<Node, { readonly name: unknown }>, scope: Scope): RowExpression {
  const isElement = scope.elements.some(
    (it) => name === it || (scope.present === undefined && name.startsWith(`${it}.`)),
  );
  if (isElement || name === ID) return { name };
  const attribute = attributeIn(name);
  if (attribute === undefined) throw unsupportedVariable(name, pointer);
  checkPresent(attribute, scope, pointer);
  return { name };
}

/** `R.attr["x-y"]` */
function indexIn(node: Extract<Node, { readonly operator: string }>, scope: Scope): RowExpression {
  const attribute = indexedAttribute(node);
  checkPresent(attribute, scope, node.pointer);
  return variable(attribute);
}

function checkPresent(attribute: string, { present }: Scope, pointer: string): void {
  if (present === undefined || present.includes(attribute)) return;
  const what = `the attribute ${named(attribute)}, which is not required and may be absent; a plan cannot say what follows without a second check`;
  throw unsupported(what, pointer);
}
