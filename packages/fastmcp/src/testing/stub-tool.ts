import type { JsonObject, JsonValue } from "@hopwise/core/adapter";
import type { AnyTool } from "../wrap-tool.ts";

/** What a tool of a test does with any arguments. A text goes out as it is, any other value as JSON. */
export type StubTool = (args: JsonObject) => JsonValue | undefined | Promise<JsonValue | undefined>;

/** A schema that takes any object, so that a stub gets what the grants and the policies let through. */
const ANY_OBJECT = {
  "~standard": {
    version: 1,
    vendor: "hopwise",
    validate: (value: unknown) => ({ value }),
    jsonSchema: { input: () => ({ type: "object" }), output: () => ({ type: "object" }) },
  },
} as unknown as NonNullable<AnyTool["parameters"]>;

/** Makes a FastMCP tool of a function. */
export function toolOf(name: string, stub: StubTool): AnyTool {
  return {
    name,
    parameters: ANY_OBJECT,
    execute: async (args) => {
      const result = await stub(args as JsonObject);
      return typeof result === "string" ? result : JSON.stringify(result ?? null);
    },
  };
}
