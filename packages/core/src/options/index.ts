/** Is what a programmer passes in complete, and can it be right? Read once, where it comes in. */
export { answeringAtOnce, behavedClock, isInSeconds, secondsBy } from "./at-once.ts";
export { nearest } from "./nearest.ts";
export {
  argumentOf,
  checkNames,
  checkObject,
  isObject,
  mustBe,
  optionsOf,
  readerOf,
  reading,
  unlessAwaited,
} from "./read-options.ts";
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
  isPromise,
  jsonObject,
  list,
  mapOf,
  maybe,
  members,
  nameOf,
  number,
  type Rows,
  ruleOf,
  type Shape,
  setOrLeftOut,
  such,
  text,
  unless,
  whole,
} from "./shapes.ts";
export { checkSeconds, SECONDS, WHOLE_SECONDS } from "./times.ts";
