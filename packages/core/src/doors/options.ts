/**
 * How does a package beside the core read what programmers pass in? By a row for each option, and an error that says
 * where, what is expected, and what came.
 *
 * @packageDocumentation
 */
export {
  atOnce,
  checkNames,
  checkObject,
  choice,
  either,
  flag,
  func,
  having,
  jsonObject,
  list,
  mapOf,
  maybe,
  members,
  nearest,
  number,
  optionsOf,
  type Rows,
  readerOf,
  type Shape,
  such,
  text,
  whole,
} from "../options/index.ts";
export { AUDIENCE, PUBLIC_JWK, SIGNER } from "../token/index.ts";
