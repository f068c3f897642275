import { flag, HANDING_OVER, mapOf, maybe, optionsOf, plainName, readerOf } from "@hopwise/core/options";
import { FOLDER } from "../option-shapes.ts";
import { type InsufficientPlan, insufficientPlans } from "../plans/index.ts";
import {
  ASKED_TOOL,
  type AskedDelegation,
  type AskedTool,
  checkPolicyFolder,
  expressionsIn,
  ignoredSchemas,
  type PlacedExpression,
  type PolicyRule,
  type PolicySource,
  placeOf,
  readPolicySource,
} from "../policies/index.ts";
import { type EscapedDeny, escapedDenies } from "./deny-for-roles.ts";
import { everyToolUnread } from "./every-tool-unread.ts";
import { type HiddenName, hiddenNames } from "./hidden-names.ts";
import { deniesOnOptional } from "./optional-attributes.ts";
import { policyTraps } from "./policy-traps.ts";
import type { PolicyWarning } from "./policy-warning.ts";
import { type NeverFits, neverFitting } from "./types-never-fit.ts";
import { type UnaskedDeny, unaskedDenies } from "./unasked-denies.ts";
import { type UnknownMember, unknownMembers } from "./unknown-members.ts";
import { type Unnamed, unnamedInPolicies } from "./unnamed-in-policies.ts";

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
 * - Names with a hidden character, or a space at an end: rules for what never comes.
 * - DENY rules for named roles beside an ALLOW for others: whoever has both roles is allowed.
 * - Rules that some Cerbos takes for one another, scopes with two `scopePermissions`, and policies in files of tests.
 * - Rules about the handing over that read `actions` and not `everyTool`.
 * - Whole numbers and times beside attributes, which are JSON and never of these types.
 * - Members that `P.attr.delegation`, or the resource of a handing over, never has.
 * - `request.auxData`, unless the host supplies it; with `tools`, kinds and actions that no policy names, and DENY rules
 *   for what nobody asks about.
 * - With `tools`, filters that say `plansSuffice`, where a plan may show a row that a check denies.
 * - Schemas that a policy with a scope names, because Cerbos ignores them, and files that cannot be read: {@link
 *   compilePolicies} says all that is wrong with them.
 *
 * It reads the text of the expressions, not their meaning: it does not follow `R.attr[name]`, and leaves it to the
 * schema whether a value has the right type of JSON.
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
  const expressions = expressionsIn(documents);
  const { tools, delegation = { kind: "delegation", action: "delegate" }, auxData = false } = options;
  const handingOver = delegation === "grants-only" ? undefined : delegation.kind;
  return [
    ...unreadOrIgnored(source),
    ...[...traps.always, ...traps.ofSome],
    ...hiddenNames(documents).map(warningAboutName),
    ...escapedDenies(documents).map(warningAboutRoles),
    ...(auxData ? [] : readingAuxData(expressions)),
    ...unknownMembers(expressions, handingOver).map(warningAboutMember),
    ...neverFitting(expressions).map(warningAboutTypes),
    ...deniesOnOptional(source),
    ...(handingOver === undefined ? [] : everyToolUnread(documents, handingOver)).map(warningAboutEveryTool),
    ...(tools === undefined ? [] : unnamedInPolicies(documents, tools, delegation)).map((it) =>
      warningAboutUnnamed(it, folder),
    ),
    ...(tools === undefined ? [] : unaskedDenies(documents, tools, delegation)).map(warningAboutUnasked),
    ...insufficientPlans(source, tools ?? {}).map(warningAboutPlan),
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
  ];
}

/** What comes of an expression that no request lets Cerbos evaluate. */
const NOT_EVALUATED =
  "it cannot be evaluated, so the action is denied, or, without strict evaluation, the rule is skipped, also one that denies";

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

function warningAboutMember({ instead, attribute, ...place }: UnknownMember): PolicyWarning {
  return {
    code: "member_unknown",
    ...place,
    attribute,
    message: `the expression reads ${attribute}, which Hopwise never writes: ${NOT_EVALUATED}; ${instead}`,
  };
}

function warningAboutTypes({ value, beside, isEquality, ...place }: NeverFits): PolicyWarning {
  const comes = isEquality ? "the two are never equal" : NOT_EVALUATED;
  return {
    code: "types_never_fit",
    ...place,
    attribute: value,
    message:
      beside === "int"
        ? `the expression counts with ${value}, which is never a whole number to Cerbos (numbers of JSON are doubles), and a ` +
          `whole number: ${comes}. Write the other one as a double, such as 1.0 or double(…), or take int(${value})`
        : `the expression takes ${value} for a time, and JSON has none: ${comes}. Write timestamp(${value}), or ` +
          `duration(${value}) for a length of time`,
  };
}

function warningAboutEveryTool({ document, line, name }: PolicyRule): PolicyWarning {
  return {
    code: "every_tool_unread",
    file: document.file,
    line,
    rule: name,
    attribute: "R.attr.actions",
    message:
      `rule "${name}" reads R.attr.actions and not R.attr.everyTool: where every tool was handed over, actions has only the ` +
      "one that is called, so the rule says of each by itself what it was meant to say of all that is handed over. Read both",
  };
}

function warningAboutPlan({ asker, message, ...place }: InsufficientPlan): PolicyWarning {
  return {
    code: "plans_do_not_suffice",
    ...place,
    message:
      `${asker} shows rows by plans alone (filter.plansSuffice), but ${message}. Mend it, or leave plansSuffice out: rows ` +
      "are then checked before they are shown",
  };
}

function warningAboutName({ file, line, member, name, why }: HiddenName): PolicyWarning {
  return {
    code: "name_hidden",
    file,
    ...(line !== undefined && { line }),
    message:
      `${member}: "${plainName(name)}" looks like another name: ${why}. Nothing of that name is ever asked about, so a rule ` +
      "that denies it lets through what it was written to stop. Write the name anew",
  };
}

function warningAboutRoles({ file, line, rule, roles, allowedBy }: EscapedDeny): PolicyWarning {
  const named = roles.map((it) => JSON.stringify(it)).join(", ");
  return {
    code: "deny_for_named_roles",
    file,
    line,
    rule,
    message:
      `DENY rule "${rule}" is for the roles ${named} alone, and rule "${allowedBy.rule}" (${allowedBy.file}:${allowedBy.line}) ` +
      "allows the same to another. Cerbos decides for each role by itself, and one that is allowed is enough: whoever has " +
      'both is allowed. Write the DENY for roles ["*"], with a condition on the role, such as ' +
      `${JSON.stringify(roles[0])} in P.roles`,
  };
}

function warningAboutUnnamed({ asker, kind, place, action }: Unnamed, folder: string): PolicyWarning {
  const unasked = asker === "the handing over" ? ', or say delegation: "grants-only" where the authorizer says so' : "";
  return {
    code: action === undefined ? "kind_unnamed" : "action_unnamed",
    file: folder,
    message:
      action === undefined
        ? `${asker} asks about the kind "${kind}"${place}, and no policy is for it: all is denied. Write one, or correct what is asked${unasked}`
        : `${asker} asks about the action "${action}" of the kind "${kind}"${place}, and no rule names it: it is always denied. ` +
          `Write a rule, or correct the action${unasked}`,
  };
}

function warningAboutUnasked({ kind, place, actions, meant, ...where }: UnaskedDeny): PolicyWarning {
  const named = actions.map((it) => JSON.stringify(it)).join(", ");
  return {
    code: "deny_unasked",
    ...where,
    message:
      `DENY rule "${where.rule}" is for ${named} on the kind "${kind}"${place}, and nothing in the tool map asks about that: it ` +
      `stops nobody. Correct the rule, or the tool map, or leave it for the other programs whose policies these are` +
      (meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`),
  };
}
