import { nearest } from "@hopwise/core/options";
import { type AskedDelegation, type AskedTool, overlap, type PolicyRule } from "../policies/index.ts";
import type { PolicyWarning } from "./policy-warning.ts";
import { placeIn, questionsOf, rulesFor } from "./questions.ts";

/**
 * DENY rules that no question of a tool map, nor that of the handing over, comes to: they stop nobody. Policies are often those
 * of other programs, too. So a rule of another kind is named only where its kind looks like one that is asked about; and of a
 * rule whose other actions are asked about, an action only where it looks like one of these.
 */
export function unaskedDenies(
  rules: readonly PolicyRule[],
  tools: { readonly [tool: string]: AskedTool },
  delegation: AskedDelegation,
): readonly PolicyWarning[] {
  const questions = questionsOf(tools, delegation);
  const kinds = questions.map(({ kind }) => kind);
  const reaching = new Map(questions.map((it) => [it, new Set(rulesFor(it, rules))]));
  return rules.flatMap((rule): readonly PolicyWarning[] => {
    const { effect, resource, actions } = rule;
    if (effect !== "EFFECT_DENY" || OWN.has(resource)) return [];
    if (!kinds.some((kind) => overlap(resource, kind))) {
      const meant = nearest(resource, kinds);
      return meant === undefined ? [] : [warningAbout(rule, actions, meant)];
    }
    const asked = questions.filter((it) => reaching.get(it)?.has(rule)).map(({ pattern }) => pattern);
    const unasked = actions.filter((action) => !asked.some((it) => overlap(it, action)));
    const near = new Map(unasked.map((action) => [action, nearest(action, asked.filter(isPlain))]));
    const told = unasked.length === actions.length ? unasked : unasked.filter((action) => near.get(action));
    const [meant] = told.flatMap((action) => near.get(action) ?? []);
    return told.length === 0 ? [] : [warningAbout(rule, told, meant)];
  });
}

/** Kinds that Hopwise asks about, whatever the tool map says. */
const OWN: ReadonlySet<string> = new Set(["approval", "mcp_prompt", "mcp_resource"]);

function isPlain(action: string): boolean {
  return !action.includes("*");
}

/** @param meant what is asked about, and may be meant */
function warningAbout(rule: PolicyRule, actions: readonly string[], meant: string | undefined): PolicyWarning {
  const named = actions.map((it) => JSON.stringify(it)).join(", ");
  return {
    code: "deny_unasked",
    file: rule.document.file,
    line: rule.line,
    rule: rule.name,
    message:
      `DENY rule "${rule.name}" is for ${named} on the kind "${rule.resource}"${placeOf(rule)}, and nothing in the tool map ` +
      `asks about that: it stops nobody. Correct the rule, or the tool map, or leave it for the other programs whose policies these are` +
      (meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`),
  };
}

function placeOf({ policy, version, scope }: PolicyRule): string {
  if (policy === "principal") return "";
  return placeIn({ ...(version !== "default" && { policyVersion: version }), ...(scope !== "" && { scope }) });
}
