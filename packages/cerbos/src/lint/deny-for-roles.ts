import { covers, overlap, type PolicyRule, withinScope } from "../policies/index.ts";
import type { PolicyWarning } from "./policy-warning.ts";

/**
 * Finds DENY rules for named roles beside an ALLOW for others. Cerbos decides for each role of a principal by itself,
 * and one role that is allowed is enough: a DENY for contractors does not stop a contractor who is an employee, too.
 */
export function escapedDenies(all: readonly PolicyRule[]): readonly PolicyWarning[] {
  const rules = all.filter(({ policy }) => policy === "resource");
  const allowing = rules.filter(({ effect }) => effect === "EFFECT_ALLOW");
  return rules
    .filter(({ effect }) => effect === "EFFECT_DENY")
    .flatMap((deny) => {
      const allowedBy = allowing.find((allow) => meets(deny, allow) && allow.roles.some((it) => !isFor(deny, it)));
      return allowedBy === undefined ? [] : [warningAbout(deny, allowedBy)];
    });
}

/** Whether one call can fall under both. */
function meets(a: PolicyRule, b: PolicyRule): boolean {
  return (
    a.resource === b.resource &&
    a.version === b.version &&
    (withinScope(a.scope, b.scope) || withinScope(b.scope, a.scope)) &&
    a.actions.some((action) => b.actions.some((other) => overlap(action, other)))
  );
}

function isFor({ roles }: PolicyRule, role: string): boolean {
  return roles.some((it) => covers(it, role));
}

function warningAbout({ document, line, name, roles }: PolicyRule, allowedBy: PolicyRule): PolicyWarning {
  const named = roles.map((it) => JSON.stringify(it)).join(", ");
  return {
    code: "deny_for_named_roles",
    file: document.file,
    line,
    rule: name,
    message:
      `DENY rule "${name}" is for the roles ${named} alone, and rule "${allowedBy.name}" (${allowedBy.document.file}:` +
      `${allowedBy.line}) allows the same to another. Cerbos decides for each role by itself, and one that is allowed is ` +
      'enough: whoever has both is allowed. Write the DENY for roles ["*"], with a condition on the role, such as ' +
      `${JSON.stringify(roles[0])} in P.roles`,
  };
}
