import {
  at,
  covers,
  effectOf,
  overlap,
  type PolicyPlace,
  type SourceDocument,
  texts,
  writtenPolicies,
} from "../policies/index.ts";

/** A DENY rule that does not hold for whoever has a further role. */
export interface EscapedDeny extends PolicyPlace {
  readonly rule: string;
  /** The roles it names. */
  readonly roles: readonly string[];
  /** A rule that allows the same to another role. */
  readonly allowedBy: PolicyPlace & { readonly rule: string; readonly roles: readonly string[] };
}

/**
 * Finds DENY rules for named roles beside an ALLOW for others. Cerbos decides for each role of a principal by itself,
 * and one role that is allowed is enough: a DENY for contractors does not stop a contractor who is an employee, too.
 */
export function escapedDenies(documents: readonly SourceDocument[]): readonly EscapedDeny[] {
  const rules = rulesForRoles(documents);
  const allowing = rules.filter(({ effect }) => effect === "EFFECT_ALLOW");
  return rules
    .filter(({ effect }) => effect === "EFFECT_DENY")
    .flatMap((deny): readonly EscapedDeny[] => {
      const allowedBy = allowing.find((allow) => meets(deny, allow) && allow.roles.some((it) => !isFor(deny, it)));
      return allowedBy === undefined ? [] : [{ ...deny, allowedBy }];
    });
}

interface RuleForRoles extends PolicyPlace {
  readonly rule: string;
  readonly effect: string;
  readonly actions: readonly string[];
  /** Also those of the derived roles it is for. */
  readonly roles: readonly string[];
  readonly kind: string;
  readonly version: string;
  readonly scope: string;
}

/** Whether one call can fall under both. */
function meets(a: RuleForRoles, b: RuleForRoles): boolean {
  const [outer, inner] = [`${a.scope}.`, `${b.scope}.`].sort((x, y) => x.length - y.length) as [string, string];
  return (
    a.kind === b.kind &&
    a.version === b.version &&
    (outer === "." || inner.startsWith(outer)) &&
    a.actions.some((action) => b.actions.some((other) => overlap(action, other)))
  );
}

function isFor({ roles }: RuleForRoles, role: string): boolean {
  return roles.some((it) => covers(it, role));
}

function rulesForRoles(documents: readonly SourceDocument[]): readonly RuleForRoles[] {
  return writtenPolicies(documents).flatMap(({ kind, document, version, scope, rules }) => {
    if (kind !== "resource") return [];
    return rules.map(({ rule, line, name, resource, actions, derivedRoles }) => ({
      file: document.file,
      line,
      rule: name,
      effect: effectOf(rule),
      actions,
      roles: [
        ...texts(at(rule, "roles")),
        ...derivedRoles.flatMap(({ definition }) => texts(at(definition, "parentRoles"))),
      ],
      kind: resource,
      version,
      scope,
    }));
  });
}
