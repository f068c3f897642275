import {
  type AttributePath,
  attributeText,
  branchesWithout,
  optionalSteps,
  type PolicyRule,
  readExpression,
  type SchemaUse,
} from "../policies/index.ts";
import type { PolicyWarning } from "./policy-warning.ts";

/** DENY rules that read an attribute which no schema requires, and that the rule does not ask for first. */
export function deniesOnOptional(
  rules: readonly PolicyRule[],
  schemas: ReadonlyMap<string, unknown>,
): readonly PolicyWarning[] {
  const denying = rules.filter(({ effect }) => effect === "EFFECT_DENY");
  return denying.flatMap((rule) => {
    const readings = rule.expressions.map(readExpression);
    const guarded = new Set(readings.flatMap(({ guarded }) => guarded.map(attributeText)));
    const read = new Map(readings.flatMap(({ attributes }) => attributes.map((it) => [attributeText(it), it])));
    return [...read.values()].flatMap((attribute) => warningAbout(attribute, rule, guarded, schemas));
  });
}

function warningAbout(
  attribute: AttributePath,
  rule: PolicyRule,
  guarded: ReadonlySet<string>,
  schemas: ReadonlyMap<string, unknown>,
): readonly PolicyWarning[] {
  for (const use of rule.schemas.map((it) => it[attribute.of])) {
    const ignored = ignores(use, rule.actions);
    const schema = use.name === undefined || ignored ? undefined : schemas.get(use.name);
    const missing = optionalSteps(schema, attribute.path, schemas)
      .map((step) => ({ ...attribute, path: attribute.path.slice(0, step + 1) }))
      .find((it) => !guarded.has(attributeText(it)));
    if (missing === undefined) continue;
    const [text, optional] = [attributeText(attribute), attributeText(missing)];
    const loose = branchesWithout(schema, missing.path, schemas).map((title) => JSON.stringify(title));
    return [
      {
        code: "deny_on_optional_attribute",
        file: rule.document.file,
        line: rule.line,
        rule: rule.name,
        attribute: text,
        message:
          `DENY rule "${rule.name}" reads ${text}, but ${whyOptional(optional, use, attribute.of, ignored)}${looseWords(loose)}. ` +
          "Where it is missing the rule fails, and without strict evaluation what it forbids is allowed. " +
          `Require it there, or ask for it first: has(${optional})` +
          (attribute.of === "resource" ? ", which in a search hides every row: see docs/data.md" : ""),
      },
    ];
  }
  return [];
}

function ignores({ ignoredFor }: SchemaUse, actions: readonly string[]): boolean {
  return ignoredFor.some((it) => actions.some((action) => it === action || it.includes("*") || action.includes("*")));
}

function whyOptional(optional: string, use: SchemaUse, of: AttributePath["of"], ignored: boolean): string {
  if (use.name === undefined) return `the policy (the one without a scope) names no ${of} schema`;
  if (ignored) return `Cerbos ignores the schema ${use.name} for an action of the rule (ignoreWhen)`;
  return `the schema ${use.name} does not require ${optional}`;
}

/** Which tools of the kind are without it. What the rule is about may be no action of theirs, but to a schema all actions are one. */
function looseWords(titles: readonly string[]): string {
  return titles.length === 0 ? "" : ` of ${titles.join(", ")}; a kind of its own would keep that apart`;
}
