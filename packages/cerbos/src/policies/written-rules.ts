import { at, list, nameOf, scopeOf, texts, versionOf } from "./policy-fields.ts";
import type { SourceDocument } from "./policy-source.ts";

/** A policy that has rules. */
export interface WrittenPolicy {
  readonly kind: (typeof KINDS)[number];
  readonly document: SourceDocument;
  readonly policy: unknown;
  readonly version: string;
  readonly scope: string;
  readonly rules: readonly WrittenRule[];
}

/** A rule of a resource or role policy; of a principal policy, one of the actions of a rule. */
export interface WrittenRule {
  readonly rule: unknown;
  readonly line: number;
  /** Its own, or its place: `rule 2`. */
  readonly name: string;
  /** The kinds of resource it is for, with `*` in principal and role policies. */
  readonly resource: string;
  /** How many stand before it: in a role policy of those for the same resource. */
  readonly place: number;
  readonly actions: readonly string[];
  /** Those it is for, of a resource policy. */
  readonly derivedRoles: readonly DerivedRole[];
}

/** A derived role, and the set of derived roles that it stands in. */
interface DerivedRole {
  readonly set: unknown;
  readonly definition: unknown;
}

const KINDS = ["resource", "principal", "role"] as const;

/** All policies with rules. Whatever looks at rules reads them here, so that no rule hides from one of these. */
export function writtenPolicies(documents: readonly SourceDocument[]): readonly WrittenPolicy[] {
  const derivedRolesOf = derivedRolesIn(documents);
  return documents.flatMap((document) =>
    KINDS.flatMap((kind): readonly WrittenPolicy[] => {
      const policy = at(document.content, `${kind}Policy`);
      if (policy === undefined) return [];
      const version = versionOf(policy);
      const scope = scopeOf(policy);
      const rules = rulesOf(kind, policy, derivedRolesOf(policy), (path) => {
        return document.lineOf([`${kind}Policy`, "rules", ...path]);
      });
      return [{ kind, document, policy, version, scope, rules }];
    }),
  );
}

/** The kinds that resource policies are for. */
export function resourceKinds(documents: readonly SourceDocument[]): readonly string[] {
  const kinds = documents.map(({ content }) => at(at(content, "resourcePolicy"), "resource"));
  return [...new Set(kinds.filter((it) => it !== undefined).map(String))];
}

function rulesOf(
  kind: WrittenPolicy["kind"],
  policy: unknown,
  derivedRoles: readonly DerivedRole[],
  lineOf: (path: readonly (string | number)[]) => number,
): readonly WrittenRule[] {
  const rules = list(at(policy, "rules"));
  return rules.flatMap((rule, i): readonly WrittenRule[] => {
    const resource = String(at(kind === "resource" ? policy : rule, "resource"));
    if (kind === "principal") {
      return list(at(rule, "actions")).map((action, j) => ({
        rule: action,
        line: lineOf([i, "actions", j]),
        name: nameOf(action, j),
        resource,
        place: j,
        actions: [String(at(action, "action"))],
        derivedRoles: [],
      }));
    }
    const common = { rule, line: lineOf([i]), name: nameOf(rule, i), resource };
    if (kind === "role") {
      const place = rules.slice(0, i).filter((it) => String(at(it, "resource")) === resource).length;
      return [{ ...common, place, actions: texts(at(rule, "allowActions")), derivedRoles: [] }];
    }
    const named = texts(at(rule, "derivedRoles"));
    const own = derivedRoles.filter(({ definition }) => named.includes(String(at(definition, "name"))));
    return [{ ...common, place: i, actions: texts(at(rule, "actions")), derivedRoles: own }];
  });
}

/** Tells the derived roles that a policy imports. */
function derivedRolesIn(documents: readonly SourceDocument[]): (policy: unknown) => readonly DerivedRole[] {
  const sets = new Map(
    documents.map(({ content }) => at(content, "derivedRoles")).map((set) => [at(set, "name"), set]),
  );
  return (policy) =>
    list(at(policy, "importDerivedRoles")).flatMap((name) => {
      const set = sets.get(name);
      return list(at(set, "definitions")).map((definition) => ({ set, definition }));
    });
}
