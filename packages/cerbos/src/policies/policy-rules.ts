import { leavesOf, readCondition } from "./condition-tree.ts";
import { outputOf } from "./filed-rules.ts";
import { at, effectOf, scopeOf, texts, versionOf } from "./policy-fields.ts";
import { definitionsIn, usedBy } from "./policy-parameters.ts";
import type { SourceDocument } from "./policy-source.ts";
import { permissionsOf, REQUIRE_CONSENT } from "./scope-permissions.ts";
import { writtenPolicies } from "./written-rules.ts";

/** A rule that can allow or deny, with the expressions that Cerbos evaluates for it. Role policies only narrow. */
export interface PolicyRule {
  readonly policy: "resource" | "principal";
  readonly document: SourceDocument;
  readonly line: number;
  /** Its name, or its place among the rules: `rule 2`. */
  readonly name: string;
  /** `EFFECT_ALLOW`, `EFFECT_DENY`. */
  readonly effect: string;
  /** The kind of resource that it is for; in principal policies a pattern. */
  readonly resource: string;
  /** Those of its policy. */
  readonly version: string;
  readonly scope: string;
  readonly actions: readonly string[];
  /** Also those of the derived roles it is for; none in principal policies. */
  readonly roles: readonly string[];
  /** Conditions of the rule, of the derived roles it is for, and the variables of both. */
  readonly expressions: readonly string[];
  /** Whether what it says where its condition holds names an obligation: `redact`, `limit`, `approval`. */
  readonly obliges: boolean;
  /** Whether a decision of its scope is asked about in the scopes above, too. */
  readonly needsConsent: boolean;
  /** The schemas that check the attributes: those of the kind of resource, in its policy without a scope. */
  readonly schemas: readonly PolicySchemas[];
}

/** `schemas` of a resource policy. */
export interface PolicySchemas {
  readonly resource: SchemaUse;
  readonly principal: SchemaUse;
}

export interface SchemaUse {
  /** Name below `_schemas`; undefined where the policy names none. */
  readonly name: string | undefined;
  /** Actions for which Cerbos ignores the schema. */
  readonly ignoredFor: readonly string[];
}

/** Finds the rules of resource policies and of principal policies. */
export function policyRules(documents: readonly SourceDocument[]): readonly PolicyRule[] {
  const definitions = definitionsIn(documents);
  // Cerbos ignores the schemas of a policy with a scope and uses those of the one without: seen with 0.55.0.
  const unscoped = documents.map(({ content }) => at(content, "resourcePolicy")).filter((it) => scopeOf(it) === "");
  const schemasFor = (kind: string, version?: string): readonly PolicySchemas[] => {
    const found = unscoped.filter(
      (it) => it !== undefined && String(at(it, "resource")) === kind && (version ?? versionOf(it)) === versionOf(it),
    );
    return found.length === 0 ? [schemasOf(undefined)] : found.map(schemasOf);
  };

  /** The condition of something, and the variables it uses, and those that these use. */
  const expressionsOf = (condition: unknown, ...holder: Parameters<typeof definitions.of>): readonly string[] => {
    const leaves = leavesOf(readCondition(condition));
    const { variables } = usedBy(leaves, definitions.of(...holder));
    return [...new Set([...leaves, ...variables.map(([, expression]) => expression)])];
  };

  return writtenPolicies(documents).flatMap(({ kind, document, policy, version, scope, rules }) => {
    if (kind === "role") return [];
    return rules.map(({ rule, line, name, resource, actions, derivedRoles }) => ({
      policy: kind,
      document,
      line,
      name,
      effect: effectOf(rule),
      resource,
      version,
      scope,
      actions,
      roles: [
        ...texts(at(rule, "roles")),
        ...derivedRoles.flatMap(({ definition }) => texts(at(definition, "parentRoles"))),
      ],
      expressions: [
        ...expressionsOf(at(rule, "condition"), policy, at(document.content, "variables")),
        ...derivedRoles.flatMap(({ set, definition }) => expressionsOf(at(definition, "condition"), set)),
      ],
      obliges: OBLIGATION.test(outputOf(rule).activated ?? ""),
      needsConsent: permissionsOf(policy) === REQUIRE_CONSENT,
      schemas: schemasFor(resource, kind === "resource" ? version : undefined),
    }));
  });
}

const OBLIGATION = /(["'])(?:redact|limit|approval)\1\s*:/;

/** What a resource policy names; nothing where there is none. */
export function schemasOf(policy: unknown): PolicySchemas {
  const use = (key: string): SchemaUse => {
    const schema = at(at(policy, "schemas"), key);
    const ref = at(schema, "ref");
    return {
      name: typeof ref === "string" ? ref.replace(/^cerbos:\/\/\//, "") : undefined,
      ignoredFor: texts(at(at(schema, "ignoreWhen"), "actions")),
    };
  };
  return { resource: use("resourceSchema"), principal: use("principalSchema") };
}
