import {
  type AskedAction,
  type AskedDelegation,
  type AskedTool,
  actionsOf,
  effectOf,
  overlap,
  type PolicyPlace,
  type SourceDocument,
  writtenPolicies,
} from "../policies/index.ts";

/** What policies are asked about without any of them saying a word on it: each such question ends in a denial. */
export interface Unnamed {
  /** Such as `the tool "pay"`. */
  readonly asker: string;
  readonly kind: string;
  /** As messages say it: empty, or ` of the version "v2" in the scope "acme"`. */
  readonly place: string;
  /** Undefined where no policy is for the kind at all. */
  readonly action: string | undefined;
}

/** Kinds and actions of a tool map, and of the handing over, that no resource or principal policy names. */
export function unnamedInPolicies(
  documents: readonly SourceDocument[],
  tools: { readonly [tool: string]: AskedTool },
  delegation: AskedDelegation,
): readonly Unnamed[] {
  const rules = rulesAsked(documents);
  return questionsOf(tools, delegation).flatMap(({ asker, action, ...asked }): readonly Unnamed[] => {
    const { kind } = asked;
    const about = rulesFor(asked, rules);
    if (about.length === 0) return [{ asker, kind, place: placeIn(asked), action: undefined }];
    return action === undefined || names(about, action) ? [] : [{ asker, kind, place: placeIn(asked), action }];
  });
}

/** Something that policies are asked about. */
export interface Question extends AskedAction, Pick<AskedTool, "kind" | "scope" | "policyVersion"> {
  readonly asker: string;
}

/** All that a tool map and the handing over ask about. */
export function questionsOf(
  tools: { readonly [tool: string]: AskedTool },
  delegation: AskedDelegation,
): readonly Question[] {
  const questions = Object.entries(tools).flatMap(([tool, entry]) =>
    actionsOf(tool, entry).map((it) => ({ ...entry, ...it, asker: `the tool map's "${tool}"` })),
  );
  if (delegation === "grants-only") return questions;
  return [...questions, { ...delegation, pattern: delegation.action, asker: "the handing over" }];
}

/** A rule that may answer a question. */
export interface AskedRule extends PolicyPlace {
  readonly policy: "resource" | "principal";
  readonly name: string;
  readonly effect: string;
  readonly resource: string;
  readonly version: string;
  readonly scope: string;
  readonly actions: readonly string[];
}

/** Those of resource and principal policies. Role policies only narrow: what they name is not allowed by it. */
export function rulesAsked(documents: readonly SourceDocument[]): readonly AskedRule[] {
  return writtenPolicies(documents).flatMap(({ kind: policy, document: { file }, version, scope, rules }) => {
    if (policy === "role") return [];
    return rules.map(({ rule, line, name, resource, actions }): AskedRule => {
      return { file, line, policy, name, effect: effectOf(rule), resource, version, scope, actions };
    });
  });
}

/** The rules that Cerbos looks at: it takes a version as it is, and a scope only where the kind has a policy in it. */
export function rulesFor(
  { kind, scope = "", policyVersion = "default" }: Pick<Question, "kind" | "scope" | "policyVersion">,
  all: readonly AskedRule[],
): readonly AskedRule[] {
  const about = all.filter(({ resource }) => overlap(resource, kind));
  // Which version a function gives is not known, and a principal policy may be for whatever is asked.
  const isOfVersion = (it: AskedRule): boolean =>
    it.policy === "principal" || typeof policyVersion !== "string" || it.version === policyVersion;
  const isOfScope = (it: AskedRule): boolean =>
    it.policy === "principal" ||
    typeof scope !== "string" ||
    `${scope}.`.startsWith(it.scope === "" ? "" : `${it.scope}.`);
  const found = about.filter((it) => isOfVersion(it) && isOfScope(it));
  const hasScope = found.some((it) => it.policy === "principal" || typeof scope !== "string" || it.scope === scope);
  return hasScope ? found : [];
}

export function placeIn({ scope, policyVersion }: Pick<AskedTool, "scope" | "policyVersion">): string {
  const version = typeof policyVersion === "string" ? ` of the version "${policyVersion}"` : "";
  return `${version}${typeof scope === "string" ? ` in the scope "${scope}"` : ""}`;
}

function names(rules: readonly AskedRule[], action: string): boolean {
  return rules.some(({ actions }) => actions.some((it) => overlap(it, action)));
}
