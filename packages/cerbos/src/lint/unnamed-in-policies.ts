import {
  type AskedDelegation,
  type AskedTool,
  actionsOf,
  type FiledRule,
  filedRules,
  overlap,
  type SourceDocument,
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
  // Role policies only narrow: what they name is not allowed by it.
  const rules = filedRules(documents).filter(({ policy }) => policy !== "role");
  const questions = Object.entries(tools).flatMap(([tool, entry]) =>
    actionsOf(tool, entry).map((action) => ({ ...entry, asker: `the tool map's "${tool}"`, action })),
  );
  const handingOver = delegation === "grants-only" ? [] : [{ ...delegation, asker: "the handing over" }];
  return [...questions, ...handingOver].flatMap(({ asker, action, ...asked }: Question): readonly Unnamed[] => {
    const { kind } = asked;
    const about = rulesFor(asked, rules);
    if (about.length === 0) return [{ asker, kind, place: placeIn(asked), action: undefined }];
    return action === undefined || names(about, action) ? [] : [{ asker, kind, place: placeIn(asked), action }];
  });
}

type Asked = Pick<AskedTool, "kind" | "scope" | "policyVersion">;
type Question = Asked & { readonly asker: string; readonly action: string | undefined };

/** The rules that Cerbos looks at: it takes a version as it is, and a scope only where the kind has a policy in it. */
function rulesFor(
  { kind, scope = "", policyVersion = "default" }: Asked,
  all: readonly FiledRule[],
): readonly FiledRule[] {
  const about = all.filter(({ resource }) => overlap(resource, kind));
  // Which version a function gives is not known, and a principal policy may be for whatever is asked.
  const isOfVersion = (it: FiledRule): boolean =>
    it.policy === "principal" || typeof policyVersion !== "string" || it.version === policyVersion;
  const isOfScope = (it: FiledRule): boolean =>
    it.policy === "principal" ||
    typeof scope !== "string" ||
    `${scope}.`.startsWith(it.scope === "" ? "" : `${it.scope}.`);
  const found = about.filter((it) => isOfVersion(it) && isOfScope(it));
  const hasScope = found.some((it) => it.policy === "principal" || typeof scope !== "string" || it.scope === scope);
  return hasScope ? found : [];
}

function placeIn({ scope, policyVersion }: Asked): string {
  const version = typeof policyVersion === "string" ? ` of the version "${policyVersion}"` : "";
  return `${version}${typeof scope === "string" ? ` in the scope "${scope}"` : ""}`;
}

function names(rules: readonly FiledRule[], action: string): boolean {
  return rules.some(({ actions }) => actions.some((it) => overlap(it, action)));
}
