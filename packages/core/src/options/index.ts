/** Is what a programmer passes in complete, and can it be right? Read once, where it comes in. */
export { answeringAtOnce, behavedClock, secondsBy } from "./at-once.ts";
export { nearest } from "./nearest.ts";
export { argumentOf, checkNames, checkObject, isObject, mustBe, optionsOf, readerOf, reading } from "./read-options.ts";
export {
  atLeast,
  atOnce,
  CLOCK,
  choice,
  clockOf,
  copied,
  either,
  flag,
  func,
  having,
  jsonObject,
  list,
  mapOf,
  maybe,
  members,
  number,
  type Rows,
  ruleOf,
  type Shape,
  such,
  text,
  whole,
} from "./shapes.ts";
