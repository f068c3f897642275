import { hiddenInName } from "@hopwise/core/options";
import { memberOf, type PolicyPlace, placeOf, type SourceDocument, textsIn } from "../policies/index.ts";

/** A name in a policy that nobody can tell from another one by reading. */
export interface HiddenName extends PolicyPlace {
  /** The member that it stands in: `roles`. */
  readonly member: string;
  readonly name: string;
  /** What is hidden. */
  readonly why: string;
}

/** Members that name what a request names, too, in both spellings that Cerbos takes. */
const NAMES: ReadonlySet<string> = new Set([
  ...["resource", "principal", "version", "scope", "role", "roles", "parentRoles", "parent_roles"],
  ...["action", "actions", "allowActions", "allow_actions"],
]);

/** Members that hold other texts. */
const OTHERS: ReadonlySet<string> = new Set([
  "condition",
  "constants",
  "description",
  "metadata",
  "output",
  "schemas",
  "variables",
]);

/**
 * Finds names with a character that nobody sees, or a space at an end: such a rule is for nobody, since a role or an action
 * of that name never comes. One that denies lets through what it was written to stop.
 */
export function hiddenNames(documents: readonly SourceDocument[]): readonly HiddenName[] {
  return textsIn(documents, OTHERS).flatMap((placed) => {
    const { text: name } = placed;
    const member = memberOf(placed);
    const why = member !== undefined && NAMES.has(member) ? hiddenInName(name) : undefined;
    return member === undefined || why === undefined ? [] : [{ ...placeOf(placed), member, name, why }];
  });
}
