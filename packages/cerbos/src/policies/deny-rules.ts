import { readExpression } from "./attribute-paths.ts";
import { at, list, nameOf } from "./policy-fields.ts";
import type { SourceDocument } from "./policy-source.ts";

/** A rule, with the expressions that Cerbos evaluates for it. */
export interface PolicyRule {
  /** `EFFECT_ALLOW`, `EFFECT_DENY`. */
  readonly effect: unknown;
  /** The kind of resource that it is for; in principal policies a pattern. */
  readonly kind: string;
  readonly document: SourceDocument;
  readonly line: number;
  /** Its name, or its place among the rules: `rule 2`. */
  readonly name: string;
  readonly actions: readonly string[];
  /** Conditions of the rule, of the derived roles it is for, and the variables of both. */
  readonly expressions: readonly string[];
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

/** A rule that denies. */
export type DenyRule = PolicyRule;

/** Finds the rules that deny, in resource policies and in principal policies. */
export function denyRules(documents: readonly SourceDocument[]): readonly DenyRule[] {
  return policyRules(documents).filter(({ effect }) => effect === "EFFECT_DENY");
}

/** Finds the rules of resource policies and of principal policies. */
export function policyRules(documents: readonly SourceDocument[]): readonly PolicyRule[] {
  const exported = new Map(
    documents.map(({ content }) => at(content, "exportVariables")).map((it) => [at(it, "name"), at(it, "definitions")]),
  );
  const roleSets = new Map(
    documents.map(({ content }) => at(content, "derivedRoles")).map((roles) => [at(roles, "name"), roles]),
  );
  // Cerbos ignores the schemas of a policy with a scope and uses those of the one without: seen with 0.55.0.
  const unscoped = documents.map(({ content }) => at(content, "resourcePolicy")).filter((it) => !isScoped(it));
  const schemasFor = (kind: unknown, version?: unknown): readonly PolicySchemas[] => {
    const found = unscoped.filter(
      (it) => it !== undefined && at(it, "resource") === kind && (version ?? at(it, "version")) === at(it, "version"),
    );
    return found.length === 0 ? [schemasOf(undefined)] : found.map(schemasOf);
  };

  /** The condition of something, and the variables it uses, and those that these use. */
  function expressionsOf(condition: unknown, holder: unknown): readonly string[] {
    const variables = at(holder, "variables");
    const defined: { readonly [name: string]: unknown } = Object.assign(
      Object.create(null),
      ...list(at(variables, "import")).map((name) => exported.get(name)),
      at(variables, "local"),
    );
    const found = new Set<string>();
    const add = (expression: unknown): void => {
      if (typeof expression !== "string" || found.has(expression)) return;
      found.add(expression);
      for (const name of readExpression(expression).variables) add(defined[name]);
    };
    for (const expression of expressionsIn(condition)) add(expression);
    return [...found];
  }

  return documents.flatMap((document) => {
    const policy = at(document.content, "resourcePolicy");
    const principal = at(document.content, "principalPolicy");
    const ofResource = list(at(policy, "rules")).flatMap((rule, i) => {
      const roles = list(at(policy, "importDerivedRoles")).flatMap((name) => {
        const set = roleSets.get(name);
        const used = list(at(set, "definitions")).filter((it) =>
          list(at(rule, "derivedRoles")).includes(at(it, "name")),
        );
        return used.flatMap((definition) => expressionsOf(at(definition, "condition"), set));
      });
      return {
        effect: at(rule, "effect"),
        kind: String(at(policy, "resource")),
        document,
        line: document.lineOf(["resourcePolicy", "rules", i]),
        name: nameOf(rule, i),
        actions: list(at(rule, "actions")).map(String),
        expressions: [...expressionsOf(at(rule, "condition"), policy), ...roles],
        schemas: schemasFor(at(policy, "resource"), at(policy, "version")),
      };
    });
    const ofPrincipal = list(at(principal, "rules")).flatMap((rule, i) =>
      list(at(rule, "actions")).flatMap((action, j) => {
        return {
          effect: at(action, "effect"),
          kind: String(at(rule, "resource")),
          document,
          line: document.lineOf(["principalPolicy", "rules", i, "actions", j]),
          name: nameOf(action, j),
          actions: [String(at(action, "action"))],
          expressions: expressionsOf(at(action, "condition"), principal),
          schemas: schemasFor(at(rule, "resource")),
        };
      }),
    );
    return [...ofResource, ...ofPrincipal];
  });
}

/** Policies with a scope that name schemas, and the line where they do: Cerbos checks nothing by these schemas. */
export function ignoredSchemas(
  documents: readonly SourceDocument[],
): readonly { readonly document: SourceDocument; readonly line: number }[] {
  return documents.flatMap((document) => {
    const policy = at(document.content, "resourcePolicy");
    if (!isScoped(policy) || at(policy, "schemas") === undefined) return [];
    return { document, line: document.lineOf(["resourcePolicy", "schemas"]) };
  });
}

/** Texts of all `expr` in a condition, also inside `all`, `any` and `none`. */
function expressionsIn(condition: unknown): readonly string[] {
  if (Array.isArray(condition)) return condition.flatMap(expressionsIn);
  if (typeof condition !== "object" || condition === null) return [];
  return Object.entries(condition).flatMap(([key, value]) =>
    key === "expr" || key === "script" ? [String(value)] : expressionsIn(value),
  );
}

/** What a resource policy names; nothing where there is none. */
export function schemasOf(policy: unknown): PolicySchemas {
  const use = (key: string): SchemaUse => {
    const schema = at(at(policy, "schemas"), key);
    const ref = at(schema, "ref");
    return {
      name: typeof ref === "string" ? ref.replace(/^cerbos:\/\/\//, "") : undefined,
      ignoredFor: list(at(at(schema, "ignoreWhen"), "actions")).map(String),
    };
  };
  return { resource: use("resourceSchema"), principal: use("principalSchema") };
}

export function isScoped(policy: unknown): boolean {
  return ![undefined, ""].includes(at(policy, "scope") as string | undefined);
}
