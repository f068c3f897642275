import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from "../json/index.ts";
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
  const properties = inputSchema?.["properties"];
  return (name, value) => {
    if (adds.includes(name)) return true;
    const announced = isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (!isJsonObject(announced) || !Object.hasOwn(announced, "default")) return false;
    return canonicalJson(announced["default"] as JsonValue) === canonicalJson(value);
  };
}
