import type { JsonObject, JsonValue } from "../json/index.ts";
import { listedAs, type ToolEntry } from "../resource/index.ts";

/**
 * What the question about an entry's listing action has of attributes: mostly none at all, since a list comes before any
 * call. No call fits that by its lack of attributes, for a call always has its arguments.
 *
 * @returns undefined for an entry without a listing action: a plan is asked for without attributes, and needs none
 */
export function listingSchema(tool: string, entry: ToolEntry): JsonObject | undefined {
  const listed = listedAs(entry, tool);
  if (listed === undefined) return undefined;
  const { attributes } = listed;
  return {
    title: "an item of a list",
    ...(attributes === undefined ? { type: "object", maxProperties: 0 } : shapeOf(attributes)),
  };
}

/** Exactly this value, but for its texts: an entry that stands for several tools may name each. */
function shapeOf(value: JsonValue): JsonObject {
  if (typeof value === "string") return { type: "string" };
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { const: value };
  return {
    type: "object",
    required: Object.keys(value),
    additionalProperties: false,
    properties: Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member as JsonValue)])),
  };
}
