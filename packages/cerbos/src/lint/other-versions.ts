import { covers, type FiledRule, overlap, type PolicyRule, sameKind, withinScope } from "../policies/index.ts";
import type { PolicyWarning } from "./policy-warning.ts";

/**
 * Principal and role policies that take something away, and hold for one version of a kind alone. Cerbos looks for both in the
 * version of the resource, whatever version the principal has; and for role policies from its scope up. So what the policy of a
 * principal denies in `default`, a resource policy of the version `next` allows, and there a role policy of `default` is no fence.
 */
export function otherVersions(filed: readonly FiledRule[], rules: readonly PolicyRule[]): readonly PolicyWarning[] {
  const allowing = rules.filter(({ policy, effect }) => policy === "resource" && effect === "EFFECT_ALLOW");
  const narrowing = filed.filter(
    ({ policy, effect }) => policy === "role" || (policy === "principal" && effect === "EFFECT_DENY"),
  );
  const found = narrowing.flatMap((rule): readonly PolicyWarning[] => {
    const past = allowing.find((it) => isPast(it, rule) && !narrowing.some((other) => isSameThere(other, rule, it)));
    return past === undefined ? [] : [warningAbout(rule, past)];
  });
  return [...new Map(found.map((it) => [`${it.file}:${it.line}`, it])).values()];
}

/** Whether it allows, in a version of its own, what the other one is for. A role policy is for all that it does not list, too. */
function isPast(allowing: PolicyRule, { policy, holder, version, resource, actions }: FiledRule): boolean {
  if (allowing.version === version) return false;
  if (policy === "role") return allowing.roles.some((it) => covers(it, holder));
  return isOfKind(resource, allowing.resource) && actions.some((it) => allowing.actions.some((a) => overlap(it, a)));
}

function isOfKind(pattern: string, kind: string): boolean {
  return overlap(pattern, sameKind(kind)) || sameKind(pattern) === sameKind(kind);
}

/** Whether the same principal, or role, has a policy in the version, too. */
function isSameThere(other: FiledRule, rule: FiledRule, { version, scope, resource }: PolicyRule): boolean {
  if (other.policy !== rule.policy || other.holder !== rule.holder || other.version !== version) return false;
  return rule.policy === "role" ? withinScope(scope, other.scope) : isOfKind(other.resource, resource);
}

function warningAbout(rule: FiledRule, past: PolicyRule): PolicyWarning {
  const { policy, version, title, document, line, name } = rule;
  return {
    code: "version_unheld",
    file: document.file,
    line,
    rule: name,
    message:
      `the ${title} is of the version "${version}", and does not hold for the kind "${past.resource}" of the version ` +
      `"${past.version}" (${past.document.file}:${past.line}): Cerbos looks for ${policy} policies of the resource's version, ` +
      `whatever version the principal has. Write it for "${past.version}", too`,
  };
}
