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
    actionsOf(tool, entry).map((action) => ({ asker: `the tool map's "${tool}"`, kind: entry.kind, action })),
  );
  const handingOver = delegation === "grants-only" ? [] : [{ ...delegation, asker: "the handing over" }];
  return [...questions, ...handingOver].flatMap(({ asker, kind, action }): readonly Unnamed[] => {
    const about = rules.filter(({ resource }) => overlap(resource, kind));
    if (about.length === 0) return [{ asker, kind, action: undefined }];
    return action === undefined || names(about, action) ? [] : [{ asker, kind, action }];
  });
}

function names(rules: readonly FiledRule[], action: string): boolean {
  return rules.some(({ actions }) => actions.some((it) => overlap(it, action)));
}
