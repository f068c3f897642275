import { hiddenInName, plainName } from "@hopwise/core/options";
import { memberOf, namesIn, placeOf, type SourceDocument, spellingsOf } from "../policies/index.ts";
import type { PolicyWarning } from "./policy-warning.ts";

/** Members that name what a request names, too. */
const NAMES: ReadonlySet<string> = new Set(
  [
    ...["resource", "principal", "version", "scope", "role", "roles", "parentRoles"],
    ...["action", "actions", "allowActions"],
  ].flatMap(spellingsOf),
);

/**
 * Finds names with a character that nobody sees, or a space at an end: such a rule is for nobody, since a role or an action
 * of that name never comes. One that denies lets through what it was written to stop.
 */
export function hiddenNames(documents: readonly SourceDocument[]): readonly PolicyWarning[] {
  return namesIn(documents).flatMap((placed): readonly PolicyWarning[] => {
    const { text: name } = placed;
    const member = memberOf(placed);
    const why = member !== undefined && NAMES.has(member) ? hiddenInName(name) : undefined;
    if (why === undefined) return [];
    const message =
      `${member}: "${plainName(name)}" looks like another name: ${why}. Nothing of that name is ever asked about, so a rule ` +
      "that denies it lets through what it was written to stop. Write the name anew";
    return [{ code: "name_hidden", ...placeOf(placed), message }];
  });
}
