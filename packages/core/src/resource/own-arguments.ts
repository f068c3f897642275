import { canonicalJson, freezeJson, type JsonObject, type JsonValue, memberOf, referredIn } from "../json/index.ts";
import type { ToolEntry } from "./tool-entry.ts";

/** The JSON Schema that a tool announces of its arguments, as its callers got it. */
export type InputSchema = JsonObject;

/**
 * Which arguments are a tool's own where nobody sent them: the defaults that its input schema announces, of the same value,
 * and those that its author vouches for in the tool map. Anything else that a schema puts there might be made of what was
 * sent, and would hand over what no grant named.
 *
 * @param inputSchema as listed to the caller; a `default` counts that stands in one of its `properties`, or where a `$ref` leads
 *   from there
 */
export function ownArguments(
  { adds = [] }: ToolEntry,
  inputSchema: InputSchema | undefined,
): (name: string, value: JsonValue) => boolean {
  return (name, value) => {
    if (adds.includes(name)) return true;
    const announced = memberOf(saidOf(inputSchema, inputSchema, "properties"), name);
    const own = saidOf(inputSchema, announced, "default");
    return own !== undefined && isSame(own, value);
  };
}

/** A reference may lead to another one, and in a circle. */
const MOST_REFERENCES = 8;

/**
 * What a schema says under this word, by itself or where its `$ref` leads within the listed one: libraries write a schema that has
 * a name, or is used twice, once, beside the others.
 */
function saidOf(listed: unknown, schema: unknown, word: string): unknown {
  let place = schema;
  for (let references = 0; references <= MOST_REFERENCES; references++) {
    const said = memberOf(place, word);
    if (said !== undefined) return said;
    place = referredIn(listed, memberOf(place, "$ref"));
  }
  return undefined;
}

/** What no JSON says was not announced either: a list shows something else in its place. */
function isSame(announced: unknown, value: JsonValue): boolean {
  try {
    return canonicalJson(freezeJson(announced, PLAIN)) === canonicalJson(value);
  } catch {
    return false;
  }
}

const PLAIN = { maxDepth: 64, maxSize: 1_000_000 };
