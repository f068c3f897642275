import { covers, overlap, type PolicyRule, sameKind, withinScope } from "../policies/index.ts";
import type { PolicyWarning } from "./policy-warning.ts";

/**
 * Finds rules for named roles that narrow what another rule allows to others: DENY rules, and ALLOW rules that oblige to something.
 * Cerbos decides for each role of a principal by itself, and one role that is allowed is enough: a DENY for contractors does not
 * stop a contractor who is an employee, too, and an approval that is asked of interns is asked of an intern who is an
 * employee, too, only where `intern` comes first.
 */
export function escapedByRole(all: readonly PolicyRule[]): readonly PolicyWarning[] {
  return narrowingRules(all).flatMap(({ rule, rules }) => {
    const wider = rules.find(
      (it) => isWider(it, rule) && meets(rule, it) && it.roles.some((role) => !isFor(rule, role)),
    );
    return wider === undefined ? [] : [rule.effect === "EFFECT_DENY" ? ofDeny(rule, wider) : ofObligation(rule, wider)];
  });
}

/** Each rule that takes something away, with all rules of its kind and version. */
export function narrowingRules(
  all: readonly PolicyRule[],
): readonly { readonly rule: PolicyRule; readonly rules: readonly PolicyRule[] }[] {
  const byKind = new Map<string, PolicyRule[]>();
  for (const rule of all) {
    if (rule.policy !== "resource") continue;
    const key = JSON.stringify([sameKind(rule.resource), rule.version]);
    const rules = byKind.get(key) ?? [];
    rules.push(rule);
    byKind.set(key, rules);
  }
  return [...byKind.values()].flatMap((rules) => rules.filter(narrows).map((rule) => ({ rule, rules })));
}

function narrows({ effect, obliges }: PolicyRule): boolean {
  return effect === "EFFECT_DENY" || (effect === "EFFECT_ALLOW" && obliges);
}

/** Whether a rule gives what the other takes away. */
export function isWider(rule: PolicyRule, narrowing: PolicyRule): boolean {
  return rule.effect === "EFFECT_ALLOW" && (narrowing.effect === "EFFECT_DENY" || !rule.obliges);
}

/** Whether one call can fall under both, which are for one kind and version. */
export function meets(a: PolicyRule, b: PolicyRule): boolean {
  return (
    (withinScope(a.scope, b.scope) || withinScope(b.scope, a.scope)) &&
    a.actions.some((action) => b.actions.some((other) => overlap(action, other)))
  );
}

function isFor({ roles }: PolicyRule, role: string): boolean {
  return roles.some((it) => covers(it, role));
}

function ofDeny(rule: PolicyRule, allowedBy: PolicyRule): PolicyWarning {
  return {
    code: "deny_for_named_roles",
    ...placeOf(rule),
    message:
      `DENY rule "${rule.name}" is for the roles ${rolesOf(rule)} alone, and rule "${allowedBy.name}" (${allowedBy.document.file}:` +
      `${allowedBy.line}) allows the same to another. Cerbos decides for each role by itself, and one that is allowed is ` +
      'enough: whoever has both is allowed. Write the DENY for roles ["*"], with a condition on the role, such as ' +
      `${JSON.stringify(rule.roles[0])} in P.roles`,
  };
}

function ofObligation(rule: PolicyRule, allowedBy: PolicyRule): PolicyWarning {
  return {
    code: "obligation_for_named_roles",
    ...placeOf(rule),
    message:
      `what rule "${rule.name}" obliges to is for the roles ${rolesOf(rule)} alone, and rule "${allowedBy.name}" ` +
      `(${allowedBy.document.file}:${allowedBy.line}) allows the same to another without it. Cerbos asks for each role by itself, ` +
      "and ends at the first that is allowed: for whoever has both, the order of their roles decides. Write the obligation for " +
      `roles ["*"], with a condition on the role, such as ${JSON.stringify(rule.roles[0])} in P.roles`,
  };
}

function placeOf({ document, line, name }: PolicyRule): Pick<PolicyWarning, "file" | "line" | "rule"> {
  return { file: document.file, line, rule: name };
}

function rolesOf({ roles }: PolicyRule): string {
  return roles.map((it) => JSON.stringify(it)).join(", ");
}
