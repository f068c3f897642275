import { covers, type PolicyRule, readExpression } from "../policies/index.ts";
import type { PolicyWarning } from "./policy-warning.ts";

/** What is asked about who would approve a call of their own chain. */
const OWN = { kind: "approval", action: "approve_own" };

/**
 * Rules on who approves whose actions are a pattern, such as `*`: it fits `approve_own`, too, so that people approve what is done in
 * their own name. Whoever means it writes the action out. None is named that reads the call's user, or beside which a DENY for all roles
 * is for that action. A policy for one person is asked before those of resources, so that no DENY of these stands beside it.
 */
export function ownApprovals(all: readonly PolicyRule[]): readonly PolicyWarning[] {
  const rules = all.filter(
    ({ resource, actions }) => covers(resource, OWN.kind) && actions.some((action) => covers(action, OWN.action)),
  );
  const denials = rules.filter(
    (rule) =>
      rule.effect === "EFFECT_DENY" && rule.roles.includes("*") && (rule.expressions.length === 0 || readsUser(rule)),
  );
  return rules.flatMap((rule): readonly PolicyWarning[] => {
    const isMeant = rule.effect !== "EFFECT_ALLOW" || rule.actions.includes(OWN.action) || readsUser(rule);
    return isMeant || denials.some((deny) => stands(deny, rule)) ? [] : [warningAbout(rule)];
  });
}

function readsUser({ expressions }: PolicyRule): boolean {
  return expressions
    .flatMap((expression) => readExpression(expression).attributes)
    .some(({ of, path: [member] }) => of === "resource" && member === "user");
}

/** Whether a DENY is asked wherever the other rule is: a policy of a scope that allows is not asked any further. */
function stands(deny: PolicyRule, { policy, version, scope }: PolicyRule): boolean {
  return policy === "resource" && deny.version === version && deny.scope === scope;
}

function warningAbout({ document, line, name, actions }: PolicyRule): PolicyWarning {
  const pattern = JSON.stringify(actions.find((action) => covers(action, OWN.action)));
  return {
    code: "own_approval_allowed",
    file: document.file,
    line,
    rule: name,
    message:
      `rule "${name}" allows ${pattern} on the kind "${OWN.kind}", which is "${OWN.action}", too: whoever may approve then ` +
      `approves calls in their own name. Write "approve", or, where that is meant, "${OWN.action}" beside it`,
  };
}
