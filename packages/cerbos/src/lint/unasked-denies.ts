import { nearest } from "@hopwise/core/options";
import {
  type AskedDelegation,
  type AskedTool,
  overlap,
  type PolicyPlace,
  type SourceDocument,
} from "../policies/index.ts";
import { type AskedRule, placeIn, questionsOf, rulesAsked, rulesFor } from "./unnamed-in-policies.ts";

/** A DENY rule for what nobody asks about: it stops nobody. */
export interface UnaskedDeny extends PolicyPlace {
  readonly rule: string;
  readonly kind: string;
  /** As messages say it: empty, or ` of the version "v2" in the scope "acme"`. */
  readonly place: string;
  /** Those that are not asked about. */
  readonly actions: readonly string[];
  /** What is asked about, and may be meant. */
  readonly meant: string | undefined;
}

/**
 * DENY rules that no question of a tool map, nor that of the handing over, comes to. Policies are often those of other
 * programs, too. So a rule of another kind is named only where its kind looks like one that is asked about; and of a rule whose
 * other actions are asked about, an action only where it looks like one of these.
 */
export function unaskedDenies(
  documents: readonly SourceDocument[],
  tools: { readonly [tool: string]: AskedTool },
  delegation: AskedDelegation,
): readonly UnaskedDeny[] {
  const questions = questionsOf(tools, delegation);
  const kinds = questions.map(({ kind }) => kind);
  const rules = rulesAsked(documents);
  const reaching = new Map(questions.map((it) => [it, new Set(rulesFor(it, rules))]));
  return rules.flatMap((rule): readonly UnaskedDeny[] => {
    if (rule.effect !== "EFFECT_DENY" || OWN.has(rule.resource)) return [];
    const { file, line, name, resource, actions } = rule;
    const found = { file, line, rule: name, kind: resource, place: placeOf(rule) };
    if (!kinds.some((kind) => overlap(resource, kind))) {
      const meant = nearest(resource, kinds);
      return meant === undefined ? [] : [{ ...found, actions, meant }];
    }
    const asked = questions.filter((it) => reaching.get(it)?.has(rule)).map(({ pattern }) => pattern);
    const unasked = actions.filter((action) => !asked.some((it) => overlap(it, action)));
    const near = new Map(unasked.map((action) => [action, nearest(action, asked.filter(isPlain))]));
    const told = unasked.length === actions.length ? unasked : unasked.filter((action) => near.get(action));
    const [meant] = told.flatMap((action) => near.get(action) ?? []);
    return told.length === 0 ? [] : [{ ...found, actions: told, meant }];
  });
}

/** Kinds that Hopwise asks about, whatever the tool map says. */
const OWN: ReadonlySet<string> = new Set(["approval", "mcp_prompt", "mcp_resource"]);

function isPlain(action: string): boolean {
  return !action.includes("*");
}

function placeOf({ policy, version, scope }: AskedRule): string {
  if (policy === "principal") return "";
  return placeIn({ ...(version !== "default" && { policyVersion: version }), ...(scope !== "" && { scope }) });
}
