import type { Cell } from "../cell.ts";
import { alike } from "../names.ts";
import type { Sql } from "../sql.ts";
import type { Place } from "../term.ts";
import { anyOf, COUNTED, type Each, eachOf, throughEach, truthsOf } from "./lists.ts";
import { type AnyOperator, operator } from "./operator.ts";

export const exists: AnyOperator = quantifier(COUNTED.any, anyOf);

export const all: AnyOperator = quantifier(COUNTED.all, (truths) => {
  if (truths.includes(false)) return false;
  return truths.includes(undefined) ? undefined : true;
});

/** Unlike the others it goes through all of them: one that is unknown makes it unknown. */
export const existsOne: AnyOperator = quantifier(COUNTED.one, (truths) =>
  truths.includes(undefined) ? undefined : truths.filter((truth) => truth === true).length === 1,
);

function quantifier(fold: Sql, inMemory: (truths: readonly Cell[]) => Cell): AnyOperator {
  return operator<Each>({
    gives: "boolean",
    typing: eachOf,
    ...alike((each: Each, place: Place) => throughEach(each, fold, place)),
    memory: (each, view) => {
      const truths = truthsOf(each, view);
      return truths === undefined ? undefined : inMemory(truths);
    },
  });
}
