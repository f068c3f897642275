import { flag, HANDING_OVER, mapOf, maybe, optionsOf, readerOf } from "@hopwise/core/options";
import { FOLDER } from "../option-shapes.ts";
import { insufficientPlans } from "../plans/index.ts";
import {
  ASKED_TOOL,
  type AskedDelegation,
  type AskedTool,
  at,
  checkPolicyFolder,
  expressionsIn,
  filedRules,
  type PlacedExpression,
  type PolicySource,
  placeOf,
  policyRules,
  readPolicySource,
  scopeOf,
} from "../policies/index.ts";
import { escapedByRole } from "./deny-for-roles.ts";
import { misplacedDerivedRoles } from "./derived-role-names.ts";
import { everyToolUnread } from "./every-tool-unread.ts";
import { hiddenNames } from "./hidden-names.ts";
import { listingAttributes } from "./listing-attributes.ts";
import { unfitPatterns } from "./lost-patterns.ts";
import { noConditions } from "./no-conditions.ts";
import { deniesOnOptional } from "./optional-attributes.ts";
import { otherVersions } from "./other-versions.ts";
import { overruledByScope, unfencedByScope } from "./overruled-by-scope.ts";
import { ownApprovals } from "./own-approvals.ts";
import { policyTraps } from "./policy-traps.ts";
import { NOT_EVALUATED, type PolicyWarning } from "./policy-warning.ts";
import { neverFitting } from "./types-never-fit.ts";
import { unaskedDenies } from "./unasked-denies.ts";
import { unknownMembers } from "./unknown-members.ts";
import { unknownValues } from "./unknown-values.ts";
import { unnamedInPolicies } from "./unnamed-in-policies.ts";

/** Options of {@link lintPolicies}: what the policies will be asked about, and what they will get to see. */
export interface LintPoliciesOptions {
  /** The authorizer's tool map. Without it, nothing is said about kinds and actions that no policy names. */
  readonly tools?: { readonly [tool: string]: AskedTool };
  /**
   * The authorizer's option of the same name; it counts beside `tools`.
   *
   * @defaultValue `{ kind: "delegation", action: "delegate" }`
   */
  readonly delegation?: AskedDelegation;
  /**
   * Whether the host supplies `request.auxData`.
   *
   * @defaultValue false
   */
  readonly auxData?: boolean;
}

const readFolder = readerOf<string>("lintPolicies", FOLDER);
const readOptions = optionsOf<LintPoliciesOptions>("lintPolicies", {
  tools: maybe(mapOf(ASKED_TOOL, "a tool map: entries by the names of tools")),
  delegation: maybe(HANDING_OVER),
  auxData: maybe(flag()),
});

/**
 * Finds what a policy folder says in vain.
 *
 * - DENY rules that read an attribute which no schema requires. Where the attribute is missing, the rule cannot be
 *   evaluated, and Cerbos without strict evaluation then goes on as if the rule did not exist: the call that it forbids
 *   is allowed. It looks at conditions of DENY rules in resource and principal policies, at the derived roles they are
 *   for, and at the variables of both, also imported ones. An attribute that the condition asks for first
 *   (`has(R.attr.cap)`) may be missing.
 * - Names with a hidden character, or a space at an end, and patterns that Cerbos looks for in vain: rules for what never comes.
 * - Names of derived roles where Cerbos looks for roles that principals have, or finds none.
 * - DENY rules and obligations for named roles beside an ALLOW for others: whoever has both roles may get past them.
 * - DENY rules and obligations that a scope below allows past, and principal and role policies that a version does not have.
 * - Rules that some Cerbos takes for one another or leaves out, scopes with two `scopePermissions`, and policies that it does not load.
 * - Rules about the handing over that read `actions` and not `everyTool`.
 * - Rules on who approves that let people approve calls of their own by a pattern.
 * - Whole numbers and times beside attributes, which are JSON and never of these types.
 * - Conditions that can be something else than true or false, which Cerbos takes for false.
 * - Members that `P.attr.delegation`, or the resource of a handing over, never has, and values that they never are.
 * - `request.auxData`, unless the host supplies it; with `tools`, kinds and actions that no policy names, DENY rules
 *   for what nobody asks about, and rules for listing actions that read what a list has not.
 * - With `tools`, filters that say `plansSuffice`, where a plan may show a row that a check denies.
 * - Schemas that a policy with a scope names, because Cerbos ignores them, and files that cannot be read: {@link
 *   compilePolicies} says all that is wrong with them.
 *
 * It reads the text of the expressions, not their meaning: it does not follow `R.attr[name]`, and leaves it to the
 * schema whether a value has the right type of JSON, but for a condition that is one value alone.
 *
 * @example
 * ```ts
 * for (const { file, line, message } of await lintPolicies("./policies", { tools })) console.warn(`${file}:${line ?? 1}: ${message}`);
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right, or a folder without policies
 */
export async function lintPolicies(folder: string, given: LintPoliciesOptions = {}): Promise<readonly PolicyWarning[]> {
  const options = readOptions(given);
  await checkPolicyFolder(readFolder(folder));
  const source = await readPolicySource(folder);
  const { documents } = source;
  const traps = policyTraps(source);
  const rules = policyRules(documents);
  const filed = filedRules(documents);
  const expressions = expressionsIn(documents);
  const { tools, delegation = { kind: "delegation", action: "delegate" }, auxData = false } = options;
  const handingOver = delegation === "grants-only" ? undefined : delegation.kind;
  return [
    ...unreadOrIgnored(source),
    ...[...traps.always, ...traps.ofSome],
    ...hiddenNames(documents),
    ...misplacedDerivedRoles(documents),
    ...unfitPatterns(documents, filed),
    ...escapedByRole(rules),
    ...overruledByScope(rules),
    ...unfencedByScope(filed, rules),
    ...otherVersions(filed, rules),
    ...(auxData ? [] : readingAuxData(expressions)),
    ...unknownMembers(expressions, handingOver),
    ...unknownValues(expressions, handingOver, tools),
    ...neverFitting(expressions),
    ...noConditions(filed, rules, source.schemas),
    ...deniesOnOptional(rules, source.schemas),
    ...(handingOver === undefined ? [] : everyToolUnread(rules, handingOver)),
    ...ownApprovals(rules),
    ...(tools === undefined ? [] : unnamedInPolicies(rules, tools, delegation, folder)),
    ...(tools === undefined ? [] : listingAttributes(rules, tools)),
    ...(tools === undefined ? [] : unaskedDenies(rules, tools, delegation)),
    ...insufficientPlans(source, tools ?? {}).map((it) => ({ code: "plans_do_not_suffice" as const, ...it })),
  ];
}

function unreadOrIgnored({ broken, brokenSchemas, documents }: PolicySource): readonly PolicyWarning[] {
  return [
    ...[...brokenSchemas, ...broken].map(
      (it): PolicyWarning => ({
        ...it,
        code: "file_unreadable",
        message: `the file cannot be read: ${it.message}. Correct it; nothing in it was looked at`,
      }),
    ),
    ...documents.flatMap(({ content, file, lineOf }): readonly PolicyWarning[] => {
      const policy = at(content, "resourcePolicy");
      if (scopeOf(policy) === "" || at(policy, "schemas") === undefined) return [];
      return [{ code: "schema_ignored", file, line: lineOf(["resourcePolicy", "schemas"]), message: SCHEMA_IGNORED }];
    }),
  ];
}

const SCHEMA_IGNORED =
  "Cerbos ignores the schemas of a policy with a scope: it goes by those of the same policy without a scope. Name them there";

const AUX_DATA_ABSENT = {
  code: "aux_data_absent",
  message:
    `the expression reads request.auxData, which nobody supplies: ${NOT_EVALUATED}. Read an attribute in its place, or say ` +
    "auxData: true (hopwise test --aux-data) where the host supplies it",
} as const;

function readingAuxData(expressions: readonly PlacedExpression[]): readonly PolicyWarning[] {
  return expressions
    .filter(({ reading }) => reading.auxData)
    .map((placed) => ({ ...placeOf(placed), ...AUX_DATA_ABSENT }));
}
