import { flag, list as listOf, mapOf, maybe, members, named, number, type Shape, such } from "../options/index.ts";

/**
 * Of a tool that gives rows of data: how its calls are decided. Policies are not asked about one resource then, but which
 * rows every hop may see (Cerbos' `planResources`), and the rows that are read are checked again, one by one.
 */
export interface FilterRule {
  /**
   * What the tool's arguments say of a row, in the words of policies: `R.id`, or an attribute such as `R.attr.region`; `null`
   * for one that says nothing of a row, such as a text to search for. A grant that constrains an argument constrains the
   * rows by it. One that constrains an argument which is not named here is refused with `grant_not_of_rows`.
   */
  readonly arguments?: { readonly [argument: string]: string | null };
  /**
   * Attributes that the kind's schema requires: a row without one of them is not shown, since a check denies it. Default:
   * those that `attributesSchema` requires.
   */
  readonly required?: readonly string[];
  /**
   * What the plans let through is not checked again, row by row. Right only for policies that `lintPolicies` finds no fault
   * with under this word: a plan misses some rules that a check knows.
   *
   * @defaultValue false
   */
  readonly plansSuffice?: boolean;
  /**
   * How long the filter may be used once it was decided, in milliseconds: for the read of the data, too.
   *
   * @defaultValue the authorizer's `deadlineMs`
   */
  readonly withinMs?: number;
}

/** What an argument may be mapped to. */
const OF_ROWS = /^R\.(id|attr\.[A-Za-z_]\w*)$/;

const ARGUMENT = such(
  "R.id, an attribute such as R.attr.region, or null for an argument that says nothing of a row",
  (value) => value === null || (typeof value === "string" && OF_ROWS.test(value)),
);

export const FILTER: Shape = members<FilterRule>(
  {
    arguments: maybe(mapOf(ARGUMENT, 'what arguments say of a row, such as { region: "R.attr.region" }')),
    required: maybe(listOf(named("an attribute's name"), "a list of attributes' names")),
    plansSuffice: maybe(flag()),
    withinMs: maybe(number({ min: 1, max: 600_000, example: 1000 })),
  },
  'a rule for rows, such as { arguments: { region: "R.attr.region" } }',
);
