import { type AttributePath, readExpression } from "./attribute-paths.ts";
import { type DenyRule, denyRules, ignoredSchemas, type SchemaUse } from "./deny-rules.ts";
import { checkPolicyFolder } from "./policy-folder.ts";
import { readPolicySource } from "./policy-source.ts";
import { optionalSteps } from "./required-attributes.ts";

/** A place in a policy folder that compiles, and may still let through a call that it was written to stop. */
export interface PolicyWarning {
  readonly code: "deny_on_optional_attribute" | "schema_ignored" | "file_unreadable";
  /** Path of the file, below the folder as it was given. */
  readonly file: string;
  /** Counted from 1; left out where the whole file is at fault. */
  readonly line?: number;
  /** The rule's name, or its place: `rule 2`. */
  readonly rule?: string;
  /** Such as `R.attr.args.amount`. */
  readonly attribute?: string;
  /** The problem, its consequence, and what to do. */
  readonly message: string;
}

/**
 * Finds DENY rules that read an attribute which no schema requires. Where the attribute is missing, the rule cannot be
 * evaluated, and Cerbos without strict evaluation then goes on as if the rule did not exist: the call that it forbids
 * is allowed.
 *
 * It looks at conditions of DENY rules in resource and principal policies, at the derived roles they are for, and at
 * the variables of both, also imported ones. An attribute that the condition asks for first (`has(R.attr.cap)`) may be
 * missing. It reads the text of the expressions, not their meaning: it does not follow `R.attr[name]`, and leaves it to
 * the schema whether a value has the right type. It also warns of schemas that a policy with a scope names, because
 * Cerbos ignores them, and of a file that cannot be read: {@link compilePolicies} says all that is wrong with it.
 *
 * @example
 * ```ts
 * for (const { file, line, message } of await lintPolicies("./policies")) console.warn(`${file}:${line ?? 1}: ${message}`);
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for a folder without policies
 */
export async function lintPolicies(folder: string): Promise<readonly PolicyWarning[]> {
  await checkPolicyFolder(folder);
  const { documents, schemas, broken } = await readPolicySource(folder);
  return [
    ...broken.map(
      (it): PolicyWarning => ({
        ...it,
        code: "file_unreadable",
        message: `the file cannot be read: ${it.message}. Correct it; nothing in it was looked at`,
      }),
    ),
    ...ignoredSchemas(documents).map(
      ({ document, line }): PolicyWarning => ({
        code: "schema_ignored",
        file: document.file,
        line,
        message:
          "Cerbos ignores the schemas of a policy with a scope: it goes by those of the same policy without a scope. " +
          "Name them there",
      }),
    ),
    ...denyRules(documents).flatMap((rule) => {
      const readings = rule.expressions.map(readExpression);
      const guarded = new Set(readings.flatMap(({ guarded }) => guarded.map(textOf)));
      const read = new Map(readings.flatMap(({ attributes }) => attributes.map((it) => [textOf(it), it])));
      return [...read.values()].flatMap((attribute) => warningAbout(attribute, rule, guarded, schemas));
    }),
  ];
}

function warningAbout(
  attribute: AttributePath,
  rule: DenyRule,
  guarded: ReadonlySet<string>,
  schemas: ReadonlyMap<string, unknown>,
): readonly PolicyWarning[] {
  for (const use of rule.schemas.map((it) => it[attribute.of])) {
    const ignored = ignores(use, rule.actions);
    const schema = use.name === undefined || ignored ? undefined : schemas.get(use.name);
    const optional = optionalSteps(schema, attribute.path, schemas)
      .map((step) => textOf({ ...attribute, path: attribute.path.slice(0, step + 1) }))
      .find((text) => !guarded.has(text));
    if (optional === undefined) continue;
    const text = textOf(attribute);
    return [
      {
        code: "deny_on_optional_attribute",
        file: rule.document.file,
        line: rule.line,
        rule: rule.name,
        attribute: text,
        message:
          `DENY rule "${rule.name}" reads ${text}, but ${whyOptional(optional, use, attribute.of, ignored)}. ` +
          "Where it is missing the rule fails, and without strict evaluation what it forbids is allowed. " +
          `Require it there, or ask for it first: has(${optional})`,
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

function textOf({ of, path }: AttributePath): string {
  const steps = path.map((step) => (/^[A-Za-z_]\w*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`));
  return `${of === "resource" ? "R" : "P"}.attr${steps.join("")}`;
}
