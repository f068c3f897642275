/** Is what a programmer passes in complete, and can it be right? Read once, where it comes in. */
export { answeringAtOnce, behavedClock, inSeconds, isInSeconds, millisecondsBy, secondsBy } from "./at-once.ts";
export { canonicalJsonOf } from "./canonical-json.ts";
export { HEADERS } from "./headers.ts";
export { answerOf, eachInTime } from "./in-time.ts";
export { jsonObject } from "./json-object.ts";
export { readListener } from "./listener.ts";
export { ANY, besides, hasMethods, having, METHOD, wrongBesides } from "./methods.ts";
export { nearest } from "./nearest.ts";
export { isPlainObject, isPromise } from "./plain-object.ts";
export {
  argumentOf,
  checkNames,
  isObject,
  mustBe,
  optionsOf,
  readerOf,
  reading,
  unlessAwaited,
  wordsAt,
} from "./read-options.ts";
export {
  atLeast,
  atOnce,
  CLOCK,
  choice,
  composed,
  copied,
  either,
  flag,
  func,
  list,
  madeOf,
  mapOf,
  maybe,
  members,
  named,
  nameOf,
  number,
  type Rows,
  ruleOf,
  type Shape,
  setOrLeftOut,
  such,
  suchAt,
  text,
  unless,
  type Wrong,
  whole,
} from "./shapes.ts";
export { checkSeconds, millisecondsOf, SECONDS, WHOLE_SECONDS, WRITTEN_TIME } from "./times.ts";
