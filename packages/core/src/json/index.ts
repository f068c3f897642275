/** Is this text, or this object, exactly one JSON value, and what are its canonical bytes? */
export { canonicalJson } from "./canonical.ts";
export { type FreezeLimits, freezeArguments, freezeJson } from "./freeze.ts";
export { type ParseOptions, parseJson, parseJsonBytes } from "./parse.ts";
export {
  isExactNumber,
  isJsonObject,
  isScalar,
  type JsonObject,
  type JsonScalar,
  type JsonValue,
  pointerTo,
} from "./value.ts";
