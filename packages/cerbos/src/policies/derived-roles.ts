import { at, list } from "./policy-fields.ts";
import type { SourceDocument } from "./policy-source.ts";

/** A derived role, and the set of derived roles that it stands in. */
export interface DerivedRole {
  readonly set: unknown;
  readonly definition: unknown;
}

/** Tells the derived roles that a policy imports. */
export function derivedRolesIn(documents: readonly SourceDocument[]): (policy: unknown) => readonly DerivedRole[] {
  const sets = new Map(
    documents.map(({ content }) => at(content, "derivedRoles")).map((set) => [at(set, "name"), set]),
  );
  return (policy) =>
    list(at(policy, "importDerivedRoles")).flatMap((name) => {
      const set = sets.get(name);
      return list(at(set, "definitions")).map((definition) => ({ set, definition }));
    });
}
