import { composed, func, number, type Shape, text } from "@hopwise/core/options";

/** What several functions of this package take. */
export const FOLDER: Shape = composed("the path of a folder that holds Cerbos policies, such as ./policies");
export const BINARY: Shape = text("the path of a Cerbos executable");
export const LISTENER: Shape = func("a function that is told");

/** @param example in milliseconds, as the option's name says */
export function milliseconds(example: number): Shape {
  return number({ min: 1, max: 3_600_000, example });
}
