import { HopwiseError } from "../errors.ts";
import { canonicalJson, type FreezeLimits, freezeJson, type JsonValue, stepsOf } from "../json/index.ts";
import { wordsAt } from "./read-options.ts";

/** Deeper, and longer, than anything that Hopwise itself reads. */
const LIMITS: FreezeLimits = { maxDepth: 1000, maxSize: 64 * 1024 * 1024 };

/**
 * The canonical text of a JSON value (JCS, RFC 8785): equal values have equal texts.
 *
 * @param value what `JSON.parse` gives, or as plain
 * @throws {HopwiseError} `config_invalid` for what JSON cannot say, with its place
 */
export function canonicalJsonOf(value: JsonValue): string {
  try {
    return canonicalJson(freezeJson(value, LIMITS));
  } catch (cause) {
    const pointer = (cause as HopwiseError).pointer ?? "";
    const came = wordsAt(value, stepsOf(pointer));
    const message = `canonicalJson: value must be what JSON can say${pointer === "" ? "" : `, also at "${pointer}"`}; got ${came}`;
    throw new HopwiseError("config_invalid", message, { pointer, cause });
  }
}
