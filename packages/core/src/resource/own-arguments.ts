import { canonicalJson, freezeJson, type JsonObject, type JsonValue } from "../json/index.ts";
import type { ToolEntry } from "./tool-entry.ts";

/** The JSON Schema that a tool announces of its arguments, as its callers got it. */
export type InputSchema = JsonObject;

/**
 * Which arguments are a tool's own where nobody sent them: the defaults that its input schema announces, of the same value,
 * and those that its author vouches for in the tool map. Anything else that a schema puts there might be made of what was
 * sent, and would hand over what no grant named.
 *
 * @param inputSchema as listed to the caller; a `default` counts that stands in one of its `properties`
 */
export function ownArguments(
  { adds = [] }: ToolEntry,
  inputSchema: InputSchema | undefined,
): (name: string, value: JsonValue) => boolean {
  return (name, value) => {
    if (adds.includes(name)) return true;
    const announced = memberOf(memberOf(inputSchema, "properties"), name);
    const own = memberOf(announced, "default");
    return own !== undefined && isSame(own, value);
  };
}

/** An own member, as a list shows it; undefined where there is none. */
function memberOf(object: unknown, name: string): unknown {
  if (typeof object !== "object" || object === null || Array.isArray(object)) return undefined;
  return Object.hasOwn(object, name) ? (object as { readonly [name: string]: unknown })[name] : undefined;
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
