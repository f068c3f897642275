/** Is this text, or this object, exactly one JSON value, and what are its canonical bytes? */
export { canonicalJson } from "./canonical.ts";
export { type FreezeLimits, freezeArguments, freezeJson, whyBeyond } from "./freeze.ts";
export { parseJson, parseJsonBytes } from "./parse.ts";
export { memberOf, referredIn } from "./reference.ts";
export {
  hasExactly,
  isForbiddenKey,
  isJsonObject,
  isScalar,
  type JsonObject,
  type JsonScalar,
  type JsonValue,
  memberCount,
  PLAIN_JSON,
  pointerTo,
  stepsOf,
} from "./value.ts";
