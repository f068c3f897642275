import { at } from "./policy-fields.ts";
import type { PolicyPlace, SourceDocument } from "./policy-source.ts";
import { writtenPolicies } from "./written-rules.ts";

/** Where a policy with a scope says what the policy of the parent scope may still decide. */
export const REQUIRE_CONSENT = "REQUIRE_PARENTAL_CONSENT_FOR_ALLOWS";
const OVERRIDE = "OVERRIDE_PARENT";

/** `scopePermissions` of a policy as Cerbos reads it; it also takes numbers, and nothing means OVERRIDE_PARENT. */
export function permissionsOf(policy: unknown): string {
  const written = String(at(policy, "scopePermissions") ?? "").replace(/^SCOPE_PERMISSIONS_/, "");
  return written === REQUIRE_CONSENT || written === "2" ? REQUIRE_CONSENT : OVERRIDE;
}

/** A scope with a policy of either kind: Cerbos keeps one of the two for the whole scope, the last that it happened to read. */
export interface ScopeConflict extends PolicyPlace {
  readonly message: string;
}

/** Scopes whose policies do not agree; principal policies count as well, of all versions and also without rules. */
export function scopeConflicts(documents: readonly SourceDocument[]): readonly ScopeConflict[] {
  const first = new Map<string, ScopedPolicy>();
  return scopedPolicies(documents).flatMap((policy): readonly ScopeConflict[] => {
    const other = first.get(policy.scope);
    if (other === undefined) first.set(policy.scope, policy);
    if (other === undefined || other.permissions === policy.permissions) return [];
    const scope = policy.scope === "" ? "without a scope" : `of the scope "${policy.scope}"`;
    const message =
      `the ${policy.title} has scopePermissions ${policy.permissions}, and the ${other.title} (${other.place.file}:` +
      `${other.place.line}) has ${other.permissions}, both ${scope}: Cerbos keeps one for the whole scope, by chance ` +
      "of the start, and with the wrong one a DENY of the parent scope is lost. Give all policies of one scope the same " +
      "(none is OVERRIDE_PARENT), or another scope to one of them";
    return [{ ...policy.place, message }];
  });
}

interface ScopedPolicy {
  readonly title: string;
  readonly scope: string;
  readonly permissions: string;
  readonly place: PolicyPlace;
}

function scopedPolicies(documents: readonly SourceDocument[]): readonly ScopedPolicy[] {
  return writtenPolicies(documents).flatMap(({ kind, document, policy, scope }) => {
    if (kind === "role") return [];
    return {
      title: `${kind} policy "${at(policy, kind)}"`,
      scope: scope.replace(/^\./, ""),
      permissions: permissionsOf(policy),
      place: { file: document.file, line: document.lineOf([`${kind}Policy`, "scopePermissions"]) },
    };
  });
}
