import {
  type AskedTool,
  actionOf,
  at,
  type FiledRule,
  filedRules,
  overlap,
  type PolicySource,
  type SchemaUse,
  type SourceDocument,
  schemasOf,
  scopeOf,
  texts,
  versionOf,
} from "../policies/index.ts";
import { planProblems } from "./plan-reading.ts";
import { type RowSchema, readRowSchema } from "./row-schema.ts";

/** A reason why the plans of a tool's filter show rows that a check would deny, or why no filter can be made of them. */
export interface InsufficientPlan {
  readonly file: string;
  readonly line: number;
  readonly rule?: string;
  readonly attribute?: string;
  /** The problem, its consequence, and what to do. */
  readonly message: string;
}

/**
 * Holds each filter with `plansSuffice` against the policies for its kind and action. A plan tells what a check does only
 * where no row can make a check fail: each attribute that the rules read is there, and of one type, and the schema asks
 * nothing else. Principal policies (a plan misses some of their DENYs) and outputs (it has none) are ruled out.
 */
export function insufficientPlans(
  source: PolicySource,
  tools: { readonly [tool: string]: AskedTool },
): readonly InsufficientPlan[] {
  const rules = filedRules(source.documents);
  return Object.entries(tools).flatMap(([tool, entry]) => {
    if (entry.filter?.plansSuffice !== true) return [];
    const action = actionOf(tool, entry);
    const argumentsAs = entry.argumentsAs ?? "args";
    const policies = policiesFor(entry.kind, source, argumentsAs);
    const required = entry.filter.required ?? texts(entry.attributesSchema?.required);
    const found = [
      ...policies.flatMap((policy) => schemaProblems(policy, required, action)),
      ...rules
        .filter((rule) => overlap(rule.resource, entry.kind) && rule.actions.some((it) => meets(it, action)))
        .flatMap((rule) => ruleProblems(rule, policies, action, argumentsAs)),
    ];
    // One rule is filed for each of its actions, and one expression may stand in it twice.
    const unlike = new Map(found.map((it) => [JSON.stringify(it), it]));
    return [...unlike.values()].map(({ message, ...place }) => ({
      ...place,
      message:
        `the tool map's "${tool}" shows rows by plans alone (filter.plansSuffice), but ${message}. Mend it, or leave ` +
        "plansSuffice out: rows are then checked before they are shown",
    }));
  });
}

/** An action that follows from a tool's name which is not known can be any. */
function meets(actions: string, action: string | undefined): boolean {
  return action === undefined || overlap(actions, action);
}

/** A resource policy of the kind, with the schemas that Cerbos checks it by: those of the one without a scope. */
interface KindPolicy {
  readonly document: SourceDocument;
  readonly version: string;
  readonly resource: SchemaUse & { readonly known: unknown };
  readonly rows: RowSchema;
  readonly principals: (action: string | undefined) => RowSchema;
}

function policiesFor(kind: string, { documents, schemas }: PolicySource, argumentsAs: string): readonly KindPolicy[] {
  const ofKind = documents
    .map((document) => ({ document, policy: at(document.content, "resourcePolicy") }))
    .filter(({ policy }) => policy !== undefined && at(policy, "resource") === kind);
  return ofKind.map(({ document, policy }) => {
    const version = versionOf(policy);
    const unscoped = ofKind.find((it) => versionOf(it.policy) === version && scopeOf(it.policy) === "");
    const { resource, principal } = schemasOf(unscoped?.policy);
    const contentOf = ({ name }: SchemaUse): unknown => (name === undefined ? undefined : schemas.get(name));
    return {
      document: unscoped?.document ?? document,
      version,
      resource: { ...resource, known: contentOf(resource) },
      rows: readRowSchema(contentOf(resource), schemas, argumentsAs),
      principals: (action) => readRowSchema(ignores(principal, action) ? undefined : contentOf(principal), schemas, ""),
    };
  });
}

function ignores({ ignoredFor }: SchemaUse, action: string | undefined): boolean {
  return ignoredFor.some((it) => meets(it, action));
}

function schemaProblems(
  { document, resource, rows }: KindPolicy,
  required: readonly string[],
  action: string | undefined,
): readonly InsufficientPlan[] {
  const place = { file: document.file, line: document.lineOf(["resourcePolicy", "schemas", "resourceSchema"]) };
  const { name, known } = resource;
  const why = (message: string): InsufficientPlan => ({ ...place, message });
  if (name === undefined)
    return [why("the policy (the one without a scope) names no resource schema to require attributes")];
  if (known === undefined) return [why(`the schema ${name} is not there, or cannot be read`)];
  if (ignores(resource, action)) return [why(`Cerbos ignores the schema ${name} for the action (ignoreWhen)`)];
  const missing = rows.required.filter((it) => !required.includes(it));
  const problems: string[] = [];
  if (missing.length > 0) {
    problems.push(
      `the schema ${name} requires ${quoted(missing)}, and the tool's filter.required does not name that: a check ` +
        "denies a row without it, a plan does not ask",
    );
  }
  if (rows.further.length > 0) {
    problems.push(
      `the schema ${name} asks more of rows than a type and what is required (${rows.further.join(", ")}): a check ` +
        "denies a row that breaks it, a plan does not ask",
    );
  }
  return problems.map(why);
}

function ruleProblems(
  rule: FiledRule,
  policies: readonly KindPolicy[],
  action: string | undefined,
  argumentsAs: string,
): readonly InsufficientPlan[] {
  const { document, line, name, title, policy, version, output } = rule;
  const place = { file: document.file, line, rule: name };
  if (policy === "principal") {
    return [{ ...place, message: `the ${title} is about it, and a plan misses DENYs of such policies` }];
  }
  const hasOutput = output.activated !== undefined || output.notMet !== undefined;
  const conditions = policies
    .filter((it) => policy === "role" || it.version === version)
    .flatMap(({ rows, principals }) => {
      const known = { resource: rows, principal: principals(action), argumentsAs };
      return [
        ...planProblems(rule.condition, { ...known, parameters: rule.parameters }),
        ...planProblems(rule.roleCondition, { ...known, parameters: rule.roleParameters }),
      ];
    });
  return [
    ...(hasOutput ? [{ message: "has an output, and a plan has none: what it obliges to would not be done" }] : []),
    ...conditions,
  ].map((problem) => ({ ...place, ...problem, message: `the ${title} ${problem.message}` }));
}

function quoted(names: readonly string[]): string {
  return names.map((it) => JSON.stringify(it)).join(", ");
}
