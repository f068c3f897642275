/**
 * How does a package beside the core read what programmers pass in? By a row for each option, and an error that says
 * where, what is expected, and what came.
 *
 * @packageDocumentation
 */
export { DENIAL_CODE } from "../audit/index.ts";
export { hasUnset, hiddenInName, isKind, isOfLiterals, noteMadeHere, plainName } from "../lib/index.ts";
export {
  argumentOf,
  atLeast,
  atOnce,
  CLOCK,
  checkNames,
  checkSeconds,
  choice,
  composed,
  either,
  flag,
  func,
  having,
  isObject,
  isPromise,
  jsonObject,
  list,
  mapOf,
  maybe,
  members,
  millisecondsOf,
  mustBe,
  nearest,
  number,
  optionsOf,
  type Rows,
  readerOf,
  reading,
  SECONDS,
  type Shape,
  setOrLeftOut,
  such,
  text,
  WRITTEN_TIME,
  whole,
} from "../options/index.ts";
export { MAY_CHANGE } from "../result/index.ts";
export {
  AUDIENCE,
  DELEGATION_SOURCE,
  isHttpsAddress,
  isThisMachine,
  JWKS_URL,
  LIMITS,
  PUBLIC_JWK,
  SIGNER,
} from "../token/index.ts";
export { AUTHORIZER, HANDING_OVER } from "../way/index.ts";
