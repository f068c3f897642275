import { type ConditionTree, leavesOf, readCondition } from "./condition-tree.ts";
import { derivedRolesIn } from "./derived-roles.ts";
import { at, effectOf, list, nameOf, texts, versionOf } from "./policy-fields.ts";
import { definitionsIn, type PolicyParameters, usedBy } from "./policy-parameters.ts";
import type { SourceDocument } from "./policy-source.ts";
import { permissionsOf, REQUIRE_CONSENT } from "./scope-permissions.ts";

/** A rule as Cerbos files it when it loads policies: once for each of its actions and the derived roles it is for. */
export interface FiledRule {
  readonly document: SourceDocument;
  readonly line: number;
  /** Its own, or its place: `rule 2`. */
  readonly name: string;
  /** Such as `rule "locked" of the resource policy "record"`. */
  readonly title: string;
  readonly policy: "resource" | "principal" | "role";
  /** The kinds of resource it is for, with `*` in principal and role policies. */
  readonly resource: string;
  /** Those of its policy. */
  readonly version: string;
  readonly scope: string;
  /** One; all of them in role policies. */
  readonly actions: readonly string[];
  readonly effect: string;
  readonly permissions: string;
  readonly condition: ConditionTree | undefined;
  readonly roleCondition: ConditionTree | undefined;
  readonly output: RuleOutput;
  readonly parameters: PolicyParameters;
  readonly roleParameters: PolicyParameters;
  /** By what name Cerbos remembers, within a request, what came of the condition; undefined where no other can have it. */
  readonly rememberedAs: string | undefined;
}

/** The expressions of an output. */
export interface RuleOutput {
  readonly activated: string | undefined;
  readonly notMet: string | undefined;
}

/** All rules of resource, principal and role policies. */
export function filedRules(documents: readonly SourceDocument[]): readonly FiledRule[] {
  const definitions = definitionsIn(documents);
  const importedBy = derivedRolesIn(documents);
  const derivedRolesOf = (policy: unknown): readonly DerivedRole[] =>
    importedBy(policy).map(({ set, definition }) => {
      const roleCondition = readCondition(at(definition, "condition"));
      const roleParameters = usedBy(leavesOf(roleCondition), definitions.of(set));
      return { name: String(at(definition, "name")), roleCondition, roleParameters };
    });
  return documents.flatMap((document) => {
    const { content } = document;
    const parametersOf: ParametersOf = (policy, rules) =>
      usedBy(rules.flatMap(expressionsOf), definitions.of(policy, at(content, "variables")));
    const resource = at(content, "resourcePolicy");
    return [
      ...ofResource(document, resource, parametersOf, derivedRolesOf(resource)),
      ...ofPrincipal(document, at(content, "principalPolicy"), parametersOf),
      ...ofRole(document, at(content, "rolePolicy"), parametersOf),
    ];
  });
}

interface DerivedRole extends Pick<FiledRule, "roleCondition" | "roleParameters"> {
  readonly name: string;
}

function ofResource(
  document: SourceDocument,
  policy: unknown,
  parametersOf: ParametersOf,
  derivedRoles: readonly DerivedRole[],
): readonly FiledRule[] {
  const rules = list(at(policy, "rules"));
  const parameters = parametersOf(policy, rules);
  const resource = String(at(policy, "resource"));
  return rules.flatMap((rule, i) => {
    const common = {
      ...judgedBy(rule, permissionsOf(policy)),
      document,
      line: document.lineOf(["resourcePolicy", "rules", i]),
      name: nameOf(rule, i),
      title: `rule "${nameOf(rule, i)}" of the resource policy "${resource}"`,
      policy: "resource",
      resource,
      ...placeOf(policy),
      parameters,
      rememberedAs: undefined,
    } as const;
    const named = texts(at(rule, "derivedRoles"));
    const forms = [
      ...(list(at(rule, "roles")).length > 0 ? [{ ...common, ...NO_DERIVED_ROLE }] : []),
      ...derivedRoles
        .filter(({ name }) => named.includes(name))
        .map(({ name, ...role }) => ({
          ...common,
          ...role,
          title: `${common.title} (for the derived role "${name}")`,
        })),
    ];
    return [...new Set(texts(at(rule, "actions")))].flatMap((action) =>
      forms.map((form): FiledRule => ({ ...form, actions: [action] })),
    );
  });
}

type ParametersOf = (policy: unknown, rules: readonly unknown[]) => PolicyParameters;

function ofPrincipal(document: SourceDocument, policy: unknown, parametersOf: ParametersOf): readonly FiledRule[] {
  const rules = list(at(policy, "rules"));
  const parameters = parametersOf(
    policy,
    rules.flatMap((rule) => list(at(rule, "actions"))),
  );
  return rules.flatMap((rule, i) =>
    list(at(rule, "actions")).map((action, j): FiledRule => {
      const resource = String(at(rule, "resource"));
      const name = at(action, "name") ?? `${resource} ${j}`;
      return {
        ...judgedBy(action, permissionsOf(policy)),
        ...NO_DERIVED_ROLE,
        document,
        line: document.lineOf(["principalPolicy", "rules", i, "actions", j]),
        name: nameOf(action, j),
        title: `rule "${nameOf(action, j)}" for "${resource}" of the principal policy "${at(policy, "principal")}"`,
        policy: "principal",
        resource,
        ...placeOf(policy),
        actions: [String(at(action, "action"))],
        parameters,
        rememberedAs: JSON.stringify(["principal", ...identityOf(policy, "principal"), name]),
      };
    }),
  );
}

function ofRole(document: SourceDocument, policy: unknown, parametersOf: ParametersOf): readonly FiledRule[] {
  const rules = list(at(policy, "rules"));
  const parameters = parametersOf(policy, rules);
  return rules.map((rule, i): FiledRule => {
    const resource = String(at(rule, "resource"));
    const before = rules.slice(0, i).filter((it) => at(it, "resource") === resource).length;
    return {
      ...judgedBy(rule, ""),
      ...NO_DERIVED_ROLE,
      document,
      line: document.lineOf(["rolePolicy", "rules", i]),
      name: nameOf(rule, i),
      title: `rule "${nameOf(rule, i)}" for "${resource}" of the role policy "${at(policy, "role")}"`,
      policy: "role",
      resource,
      ...placeOf(policy),
      actions: [...new Set(texts(at(rule, "allowActions")))].sort(),
      effect: "",
      parameters,
      rememberedAs: JSON.stringify(["role", ...identityOf(policy, "role"), before]),
    };
  });
}

const NO_DERIVED_ROLE = { roleCondition: undefined, roleParameters: { variables: [], constants: [] } } as const;

function identityOf(policy: unknown, name: string): readonly unknown[] {
  const { version, scope } = placeOf(policy);
  return [at(policy, name), version, scope];
}

function placeOf(policy: unknown): Pick<FiledRule, "version" | "scope"> {
  return { version: versionOf(policy), scope: String(at(policy, "scope") ?? "") };
}

type Judged = Pick<FiledRule, "condition" | "effect" | "permissions" | "output">;

/** An ALLOW with a condition, where the parent scope must consent, is filed as a DENY for when the condition is not met. */
function judgedBy(rule: unknown, permissions: string): Judged {
  const condition = readCondition(at(rule, "condition"));
  const output = outputOf(rule);
  const effect = effectOf(rule);
  if (permissions === REQUIRE_CONSENT && effect === "EFFECT_ALLOW" && condition !== undefined) {
    return { condition: { op: "none", of: [condition] }, effect: "EFFECT_DENY", permissions, output };
  }
  return { condition, effect, permissions, output };
}

function outputOf(rule: unknown): RuleOutput {
  const output = at(rule, "output");
  const text = (value: unknown): string | undefined =>
    value === undefined || value === "" ? undefined : String(value);
  return {
    activated: text(at(at(output, "when"), "ruleActivated")) ?? text(at(output, "expr")),
    notMet: text(at(at(output, "when"), "conditionNotMet")),
  };
}

function expressionsOf(rule: unknown): readonly string[] {
  const { activated, notMet } = outputOf(rule);
  return [...leavesOf(readCondition(at(rule, "condition"))), activated, notMet].filter((it) => it !== undefined);
}
