import {
  at,
  list,
  memberOf,
  type PlacedText,
  placeOf,
  type SourceDocument,
  spellingsOf,
  texts,
  textsIn,
} from "../policies/index.ts";
import type { PolicyWarning } from "./policy-warning.ts";

/**
 * Names of derived roles where they are none. Cerbos works derived roles out for a rule that names them under `derivedRoles`; under
 * `roles` and `parentRoles`, and as the role of a role policy, it looks for what the principal brings along, and nobody brings one
 * of that name. And `runtime.effectiveDerivedRoles` has those alone that a rule of the same policy names under `derivedRoles`. A
 * DENY that stands on such a name stops nobody.
 */
export function misplacedDerivedRoles(documents: readonly SourceDocument[]): readonly PolicyWarning[] {
  const sets = new Map(documents.map(({ content }) => [at(at(content, "derivedRoles"), "name"), namesIn(content)]));
  const all = new Set([...sets.values()].flat());
  const placed = textsIn(documents, new Set(["metadata", "description"]));
  return [
    ...placed.flatMap((it): readonly PolicyWarning[] => {
      const known = isRoleOf("resourcePolicy", it) ? importedBy(it.document, sets) : all;
      return isPlainRole(it) && known.has(it.text) ? [takenForRole(it)] : [];
    }),
    ...placed.flatMap(neverEffective),
  ];
}

/** But for those that name themselves as their parent: of such a name is a role of principals, too. */
function namesIn(content: unknown): readonly string[] {
  return list(at(at(content, "derivedRoles"), "definitions"))
    .map((it) => ({ name: String(at(it, "name")), parents: texts(at(it, "parentRoles")) }))
    .filter(({ name, parents }) => !parents.includes(name))
    .map(({ name }) => name);
}

function importedBy({ content }: SourceDocument, sets: ReadonlyMap<unknown, readonly string[]>): ReadonlySet<string> {
  const imported = texts(at(at(content, "resourcePolicy"), "importDerivedRoles"));
  return new Set(imported.flatMap((set) => sets.get(set) ?? []));
}

/** Whether it stands where a role of the principal is named. */
function isPlainRole(placed: PlacedText): boolean {
  const member = memberOf(placed);
  if (member === "roles") return isRoleOf("resourcePolicy", placed);
  if (member === "role") return isRoleOf("rolePolicy", placed);
  return spellingsOf("parentRoles").includes(String(member));
}

function isRoleOf(policy: string, { path: [first] }: PlacedText): boolean {
  return spellingsOf(policy).includes(String(first));
}

function takenForRole(placed: PlacedText): PolicyWarning {
  const { text } = placed;
  const member = memberOf(placed);
  const instead =
    member === "roles"
      ? "Name it under derivedRoles"
      : "Name a role that the principal has, and repeat the condition of the derived one, or give one of them another name";
  return {
    code: "derived_role_unfit",
    ...placeOf(placed),
    message:
      `${member}: "${text}" is the name of a derived role, and Cerbos looks here for roles that the principal has itself: it ` +
      `is for nobody who has the derived one alone, so a rule that denies it lets through what it was written to stop. ${instead}`,
  };
}

const EFFECTIVE = /(["'])((?:(?!\1).)*)\1\s+in\s+runtime\s*\.\s*effective(?:DerivedRoles|_derived_roles)\b/g;

function neverEffective(placed: PlacedText): readonly PolicyWarning[] {
  const { document, path, text } = placed;
  const [policy] = path;
  const isResource = isRoleOf("resourcePolicy", placed);
  if (!isResource && !isRoleOf("principalPolicy", placed)) return [];
  const rules = list(at(at(document.content, String(policy)), "rules"));
  const named = new Set(isResource ? rules.flatMap((rule) => texts(at(rule, "derivedRoles"))) : []);
  const asked = [...text.matchAll(EFFECTIVE)].map(([, , name]) => name as string);
  return asked
    .filter((name) => !named.has(name))
    .map((name) => ({
      code: "derived_role_unfit",
      ...placeOf(placed),
      message:
        `the expression looks for "${name}" in runtime.effectiveDerivedRoles, which ` +
        (isResource
          ? "has those derived roles alone that a rule of this policy names under derivedRoles, and none names that one"
          : "is empty in a principal policy") +
        ": it is never there, so a rule that denies by it stops nobody. " +
        (isResource ? "Write a rule for the derived role" : "Repeat the condition of the derived role here"),
    }));
}
