import { type AskedDelegation, type AskedTool, overlap, type PolicyRule } from "../policies/index.ts";
import type { PolicyWarning } from "./policy-warning.ts";
import { HANDING_OVER_ASKS, placeIn, type Question, questionsOf, rulesFor } from "./questions.ts";

/**
 * Kinds and actions of a tool map, and of the handing over, that no resource or principal policy names: each such question ends
 * in a denial.
 */
export function unnamedInPolicies(
  rules: readonly PolicyRule[],
  tools: { readonly [tool: string]: AskedTool },
  delegation: AskedDelegation,
  folder: string,
): readonly PolicyWarning[] {
  return questionsOf(tools, delegation).flatMap((question): readonly PolicyWarning[] => {
    const about = rulesFor(question, rules);
    if (about.length === 0) return [{ code: "kind_unnamed", file: folder, message: kindUnnamed(question) }];
    const { action } = question;
    if (action === undefined || about.some(({ actions }) => actions.some((it) => overlap(it, action)))) return [];
    return [{ code: "action_unnamed", file: folder, message: actionUnnamed(question) }];
  });
}

function kindUnnamed(question: Question): string {
  const { asker, kind } = question;
  return (
    `${asker} asks about the kind "${kind}"${placeIn(question)}, and no policy is for it: all is denied. Write one, or correct ` +
    `what is asked${orUnasked(question)}`
  );
}

function actionUnnamed(question: Question): string {
  const { asker, kind, action } = question;
  return (
    `${asker} asks about the action "${action}" of the kind "${kind}"${placeIn(question)}, and no rule names it: it is always ` +
    `denied. Write a rule, or correct the action${orUnasked(question)}`
  );
}

function orUnasked({ asker }: Question): string {
  return asker === HANDING_OVER_ASKS ? ', or say delegation: "grants-only" where the authorizer says so' : "";
}
