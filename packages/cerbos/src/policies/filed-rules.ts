import { type ConditionTree, leavesOf, readCondition } from "./condition-tree.ts";
import { at, effectOf, list } from "./policy-fields.ts";
import { definitionsIn, type PolicyParameters, usedBy } from "./policy-parameters.ts";
import type { SourceDocument } from "./policy-source.ts";
import { permissionsOf, REQUIRE_CONSENT } from "./scope-permissions.ts";
import { type WrittenPolicy, type WrittenRule, writtenPolicies } from "./written-rules.ts";

/** A rule as Cerbos files it when it loads policies: once for each of its actions and the derived roles it is for. */
export interface FiledRule {
  readonly document: SourceDocument;
  readonly line: number;
  /** Its own, or its place: `rule 2`. */
  readonly name: string;
  /** Such as `rule "locked" of the resource policy "record"`. */
  readonly title: string;
  readonly policy: "resource" | "principal" | "role";
  /** The kind, principal or role that its policy is for. */
  readonly holder: string;
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
  return writtenPolicies(documents).flatMap((written): readonly FiledRule[] => {
    const { kind, document, policy, version, scope, rules } = written;
    const parameters = usedBy(
      rules.flatMap(({ rule }) => expressionsOf(rule)),
      definitions.of(policy, at(document.content, "variables")),
    );
    return rules.flatMap((it) => {
      const { rule, line, name, resource, actions } = it;
      const where = kind === "resource" ? "" : ` for "${resource}"`;
      const common = {
        ...judgedBy(rule, written),
        document,
        line,
        name,
        title: `rule "${name}"${where} of the ${kind} policy "${at(policy, kind)}"`,
        policy: kind,
        holder: String(at(policy, kind)),
        resource,
        version,
        scope,
        parameters,
        rememberedAs: rememberedAs(it, written),
      };
      const isForRoles = kind !== "resource" || list(at(rule, "roles")).length > 0;
      const forms = [
        ...(isForRoles ? [{ ...common, ...NO_DERIVED_ROLE }] : []),
        ...it.derivedRoles.map(({ set, definition }) => {
          const roleCondition = readCondition(at(definition, "condition"));
          const roleParameters = usedBy(leavesOf(roleCondition), definitions.of(set));
          const title = `${common.title} (for the derived role "${at(definition, "name")}")`;
          return { ...common, title, roleCondition, roleParameters };
        }),
      ];
      const different = [...new Set(actions)];
      const together = kind === "role" ? [different.sort()] : different.map((action) => [action]);
      return together.flatMap((filed) => forms.map((form): FiledRule => ({ ...form, actions: filed })));
    });
  });
}

const NO_DERIVED_ROLE = { roleCondition: undefined, roleParameters: { variables: [], constants: [] } } as const;

function rememberedAs({ rule, resource, place }: WrittenRule, written: WrittenPolicy): string | undefined {
  const { kind, policy, version, scope } = written;
  if (kind === "resource") return undefined;
  const own = kind === "role" ? place : (at(rule, "name") ?? `${resource} ${place}`);
  return JSON.stringify([kind, at(policy, kind), version, scope, own]);
}

type Judged = Pick<FiledRule, "condition" | "effect" | "permissions" | "output">;

/** An ALLOW with a condition, where the parent scope must consent, is filed as a DENY for when the condition is not met. */
function judgedBy(rule: unknown, { kind, policy }: WrittenPolicy): Judged {
  const condition = readCondition(at(rule, "condition"));
  const output = outputOf(rule);
  if (kind === "role") return { condition, effect: "", permissions: "", output };
  const permissions = permissionsOf(policy);
  const effect = effectOf(rule);
  if (permissions === REQUIRE_CONSENT && effect === "EFFECT_ALLOW" && condition !== undefined) {
    return { condition: { op: "none", of: [condition] }, effect: "EFFECT_DENY", permissions, output };
  }
  return { condition, effect, permissions, output };
}

/** What a rule says where its condition holds, and where it does not. */
export function outputOf(rule: unknown): RuleOutput {
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
