import type { HopVerdict } from "../decision/index.ts";
import type { AppliedCondition } from "../filter/index.ts";

/** What a hop that allows a call may see, where it was asked about rows. */
export const ALLOWS: { readonly [Sees in NonNullable<HopVerdict["sees"]> | "it"]: string } = {
  it: "allows",
  some: "allows some rows",
  all: "allows every row",
  none: "allows",
};

/** Of a tool that gives rows: the condition, which the record alone has. */
export function rowWords({ condition, plansSuffice }: AppliedCondition): string {
  return `rows, ${plansSuffice === true ? "by plans alone" : "checked one by one"}: ${condition}`;
}

/** Why a hop may see no row at all: a plan does not say which rule it was. */
export function noRowWords(call: string): string {
  return `by the plan of ${call}, no row may be seen: no rule allows it, or one that denies counts for every row (has() of an attribute, an attribute that the principal lacks), as it stands`;
}
