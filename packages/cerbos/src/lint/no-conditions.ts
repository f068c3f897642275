import { type CelTree, readCel } from "../plans/index.ts";
import {
  type AttributePath,
  attributeText,
  type ConditionTree,
  type FiledRule,
  isBoolean,
  type PolicyParameters,
  type PolicyRule,
  readExpression,
  type SchemaUse,
} from "../policies/index.ts";
import type { PolicyWarning } from "./policy-warning.ts";
import { WRITTEN_AS_BOOLEAN } from "./unknown-members.ts";

/**
 * Conditions that can come out as something else than true or false. Cerbos takes all but `true` for false, without a failure, also
 * under strict evaluation. So a DENY for `R.attr.locked` lets through what is locked by a text, a number or null, and one for
 * `"true"` stops nothing. Within an expression it is a failure, and denies: `!R.attr.locked`.
 *
 * Looked at is what a DENY needs to be true, and what an ALLOW needs not to be (`none`), unless a schema makes it a boolean.
 */
export function noConditions(
  filed: readonly FiledRule[],
  rules: readonly PolicyRule[],
  schemas: ReadonlyMap<string, unknown>,
): readonly PolicyWarning[] {
  const byPlace = new Map(rules.map((rule) => [placeOf(rule), rule]));
  const found = filed.flatMap((rule) => {
    const known = byPlace.get(placeOf(rule));
    if (known === undefined) return [];
    const leaves = [
      ...needed(rule.condition, rule.effect === "EFFECT_DENY").map((text) => ({ text, of: rule.parameters })),
      ...needed(rule.roleCondition, rule.effect === "EFFECT_DENY").map((text) => ({ text, of: rule.roleParameters })),
    ];
    return leaves.flatMap(({ text, of }) => warningAbout(text, of, known, schemas));
  });
  return [...new Map(found.map((it) => [JSON.stringify(it), it])).values()];
}

function placeOf({ document, line, name }: Pick<PolicyRule, "document" | "line" | "name">): string {
  return JSON.stringify([document.file, line, name]);
}

/** The expressions that must be true, and not merely fail to be so, for the rule to do what it is for. */
function needed(tree: ConditionTree | undefined, isNeeded: boolean): readonly string[] {
  if (tree === undefined) return [];
  if (tree.op === "expr") return isNeeded ? [tree.text] : [];
  return tree.of.flatMap((it) => needed(it, tree.op === "none" ? !isNeeded : isNeeded));
}

function warningAbout(
  text: string,
  parameters: PolicyParameters,
  rule: PolicyRule,
  schemas: ReadonlyMap<string, unknown>,
): readonly PolicyWarning[] {
  const meant = meaningOf(text, parameters);
  if (meant === undefined) return [];
  const place = { code: "condition_not_boolean", file: rule.document.file, line: rule.line, rule: rule.name } as const;
  const what = `rule "${rule.name}" has the condition ${text}`;
  if (meant === "other") {
    return [
      {
        ...place,
        message: `${what}, which is never true or false, and which Cerbos takes for false. Write what it is compared with`,
      },
    ];
  }
  const attribute = attributeText(meant);
  if (
    WRITTEN_AS_BOOLEAN.has(attribute) ||
    rule.schemas.every((it) => makesBoolean(it[meant.of], meant, rule, schemas))
  ) {
    return [];
  }
  const message =
    `${what}, and no schema says that ${attribute} is true or false: Cerbos takes a text, a number or null for false, without a ` +
    `failure, and for these the rule ${rule.effect === "EFFECT_DENY" ? "denies nothing" : "allows"}. Give it the type boolean ` +
    `there, or write ${attribute} != false`;
  return [{ ...place, attribute, message }];
}

function makesBoolean(
  { name, ignoredFor }: SchemaUse,
  { path }: AttributePath,
  { actions }: PolicyRule,
  schemas: ReadonlyMap<string, unknown>,
): boolean {
  if (name === undefined) return false;
  const ignored = ignoredFor.some((it) => actions.some((action) => it === action || (it + action).includes("*")));
  return !ignored && isBoolean(schemas.get(name), path, schemas);
}

/** The attribute that an expression is, by itself or by a variable; `other` for what is known to be no boolean. */
function meaningOf(text: string, parameters: PolicyParameters, depth = 0): AttributePath | "other" | undefined {
  const tree = readCel(text);
  if (tree === undefined || depth > MOST_VARIABLES) return undefined;
  const variable = /^(?:V|variables)\.(\w+)$/.exec(text.trim())?.[1];
  const definition = parameters.variables.find(([name]) => name === variable)?.[1];
  if (definition !== undefined) return meaningOf(definition, parameters, depth + 1);
  if (isNoBoolean(tree)) return "other";
  if (!("of" in tree) && !("call" in tree && tree.call === "[]")) return undefined;
  const { attributes } = readExpression(text);
  const [only] = attributes;
  // The whole of it, to the last step: of R.attr.list[i] nothing is known.
  return only !== undefined && attributes.length === 1 && isPath(tree, only.path.length) ? only : undefined;
}

/** Variables may stand on others, and Cerbos refuses a circle. */
const MOST_VARIABLES = 20;

function isPath(tree: CelTree, steps: number): boolean {
  if (steps === 0) return true;
  if ("of" in tree) return isPath(tree.of, steps - 1);
  const [holder, index] = "call" in tree && tree.call === "[]" ? tree.args : [];
  return holder !== undefined && index !== undefined && "literal" in index && isPath(holder, steps - 1);
}

const COUNTING: ReadonlySet<string> = new Set([..."+-*/%", "{}", "int", "uint", "double", "string", "size", "now"]);

function isNoBoolean(tree: CelTree): boolean {
  if ("literal" in tree) return typeof tree.literal !== "boolean";
  return "list" in tree || ("call" in tree && tree.on === undefined && COUNTING.has(tree.call));
}
