import { covers, type FiledRule, overlap, type PolicyRule, withinScope } from "../policies/index.ts";
import { isWider, meets, narrowingRules } from "./deny-for-roles.ts";
import type { PolicyWarning } from "./policy-warning.ts";

/**
 * Finds what a scope takes away, and a scope below it gives: DENY rules, and obligations. Cerbos looks at the scope that is asked
 * about first, and ends at the first that decides. So a DENY of the policy without a scope holds for no tenant whose own policy
 * allows the same, unless that one says that the scopes above must consent, or has the same rule itself.
 */
export function overruledByScope(all: readonly PolicyRule[]): readonly PolicyWarning[] {
  return narrowingRules(all).flatMap(({ rule, rules }) => {
    const wider = rules.find((it) => overrules(it, rule) && !rules.some((other) => isRepeated(rule, other, it)));
    return wider === undefined ? [] : [warningAbout(rule, wider)];
  });
}

/**
 * Role policies that are no fence in a scope below, whose policy allows the role something. Which actions the role policy lists makes
 * no difference: it denies all others.
 */
export function unfencedByScope(filed: readonly FiledRule[], all: readonly PolicyRule[]): readonly PolicyWarning[] {
  const fences = filed.filter(({ policy }) => policy === "role");
  const allowing = all.filter((it) => it.policy === "resource" && it.effect === "EFFECT_ALLOW" && !it.needsConsent);
  const found = fences.flatMap((fence): readonly PolicyWarning[] => {
    const past = allowing.find(({ version, scope, roles }) => {
      const isBelow = version === fence.version && scope !== fence.scope && withinScope(scope, fence.scope);
      const isFor = isBelow && roles.some((role) => covers(role, fence.holder));
      return isFor && !fences.some((it) => it.holder === fence.holder && it.version === version && it.scope === scope);
    });
    if (past === undefined) return [];
    const { holder, document, line, name } = fence;
    const message =
      `the role policy "${holder}" is no fence in the scope "${past.scope}": there rule "${past.name}" (${past.document.file}:` +
      `${past.line}) allows the role something, and Cerbos asks no scope above one that decides. Write the role policy for that scope, ` +
      "too, or give all policies of it scopePermissions: SCOPE_PERMISSIONS_REQUIRE_PARENTAL_CONSENT_FOR_ALLOWS";
    return [{ code: "overruled_by_scope", file: document.file, line, rule: name, message }];
  });
  return [...new Map(found.map((it) => [it.file, it])).values()];
}

function overrules(rule: PolicyRule, narrowing: PolicyRule): boolean {
  return (
    isWider(rule, narrowing) &&
    rule.scope !== narrowing.scope &&
    withinScope(rule.scope, narrowing.scope) &&
    !rule.needsConsent &&
    meets(rule, narrowing) &&
    rule.roles.some((role) => narrowing.roles.some((other) => overlap(role, other)))
  );
}

/** Whether the rule stands once more where the wider one does, or one that takes away the same on fewer conditions: none. */
function isRepeated(rule: PolicyRule, other: PolicyRule, wider: PolicyRule): boolean {
  const said = ({ expressions }: PolicyRule): string => JSON.stringify([...expressions].sort());
  return (
    other.scope === wider.scope &&
    other.effect === rule.effect &&
    other.obliges === rule.obliges &&
    isHeld(wider.actions, rule.actions, other.actions) &&
    isHeld(wider.roles, rule.roles, other.roles) &&
    (said(other) === said(rule) || (other.effect === "EFFECT_DENY" && other.expressions.length === 0))
  );
}

/** Whether what is given and was taken away is taken away again. */
function isHeld(given: readonly string[], taken: readonly string[], again: readonly string[]): boolean {
  return given.every((one) =>
    taken.every((other) => !overlap(one, other) || again.some((it) => covers(it, one) || covers(it, other))),
  );
}

function warningAbout(rule: PolicyRule, wider: PolicyRule): PolicyWarning {
  const where = rule.scope === "" ? "the policy without a scope" : `the scope "${rule.scope}"`;
  const what = rule.effect === "EFFECT_DENY" ? `DENY rule "${rule.name}"` : `what rule "${rule.name}" obliges to`;
  return {
    code: "overruled_by_scope",
    file: rule.document.file,
    line: rule.line,
    rule: rule.name,
    message:
      `${what} of ${where} does not hold in the scope "${wider.scope}": there rule "${wider.name}" (${wider.document.file}:` +
      `${wider.line}) allows the same, and Cerbos asks no scope above one that decides. Write it there, too, or give all policies ` +
      "of that scope scopePermissions: SCOPE_PERMISSIONS_REQUIRE_PARENTAL_CONSENT_FOR_ALLOWS",
  };
}
