import {
  type AskedAction,
  type AskedDelegation,
  type AskedTool,
  actionsOf,
  overlap,
  type PolicyRule,
  withinScope,
} from "../policies/index.ts";

/** Something that policies are asked about. */
export interface Question extends AskedAction, Pick<AskedTool, "kind" | "scope" | "policyVersion"> {
  /** Such as `the tool map's "pay"`. */
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
  return [...questions, { ...delegation, pattern: delegation.action, asker: HANDING_OVER_ASKS }];
}

export const HANDING_OVER_ASKS = "the handing over";

/** The rules that Cerbos looks at: it takes a version as it is, and a scope only where the kind has a policy in it. */
export function rulesFor(
  { kind, scope = "", policyVersion = "default" }: Question,
  all: readonly PolicyRule[],
): readonly PolicyRule[] {
  const about = all.filter(({ resource }) => overlap(resource, kind));
  // Which version a function gives is not known, and a principal policy may be for whatever is asked.
  const isOfVersion = (it: PolicyRule): boolean =>
    it.policy === "principal" || typeof policyVersion !== "string" || it.version === policyVersion;
  const isOfScope = (it: PolicyRule): boolean =>
    it.policy === "principal" || typeof scope !== "string" || withinScope(scope, it.scope);
  const found = about.filter((it) => isOfVersion(it) && isOfScope(it));
  const hasScope = found.some((it) => it.policy === "principal" || typeof scope !== "string" || it.scope === scope);
  return hasScope ? found : [];
}

/** As messages say it: empty, or ` of the version "v2" in the scope "acme"`. */
export function placeIn({ scope, policyVersion }: Pick<AskedTool, "scope" | "policyVersion">): string {
  const version = typeof policyVersion === "string" ? ` of the version "${policyVersion}"` : "";
  return `${version}${typeof scope === "string" ? ` in the scope "${scope}"` : ""}`;
}
