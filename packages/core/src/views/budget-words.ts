import { nameWords } from "../grant/index.ts";
import { countOf } from "../lib/index.ts";
import type { Budget } from "../token/index.ts";

/** A budget in words for people, a line for each of its bounds. The time that it is for is its root's, and said once. */
export function budgetWords({ calls, sums = {} }: Budget): readonly string[] {
  const ofTools = Object.entries(sums).flatMap(([tool, bounds]) =>
    Object.entries(bounds).map(([name, most]) => `${nameWords(name)} of ${nameWords(tool)} adds up to at most ${most}`),
  );
  return [...(calls === undefined ? [] : [`at most ${countOf(calls, "call")}`]), ...ofTools];
}
