import type { JsonObject } from "../json/index.ts";
import type { ToolEntry, ToolMap } from "./tool-map.ts";

/** Each of these lists is asked about as a whole, before its items. */
const LISTS = ["tools/list", "resources/list", "prompts/list"];

/**
 * A tool map that asks policies in the words of the Python middleware `cerbos-fastmcp`, so that policies written for it
 * hold unchanged, now for every hop: one kind for all, the tool's name as the resource's id, the action
 * `tools/call::NAME`, and the attributes `tool_name`, `arguments` and `source`; lists by `tools/list` and
 * `tools/list::NAME`.
 *
 * This map also asks about two operations that the middleware lets pass: `resources/read` with the URI as id, and
 * `prompts/get` with the prompt's name.
 *
 * @param kind the kind of all resources; the middleware's option `resource_kind`
 */
export function cerbosFastmcpNaming({ kind = "mcp_server" }: { readonly kind?: string } = {}): ToolMap {
  const attributes = (tool: string): JsonObject => ({ tool_name: tool, source: "client" });
  const entry: Pick<ToolEntry, "kind" | "argumentsAs"> = { kind, argumentsAs: "arguments" };
  return {
    "*": {
      ...entry,
      action: (tool) => `tools/call::${tool}`,
      attributes: (_, { tool }) => attributes(tool),
      list: (tool) => ({
        action: `tools/list::${tool}`,
        id: tool,
        attributes: { ...attributes(tool), arguments: {} },
      }),
    },
    ...Object.fromEntries(
      LISTS.map((action) => [`mcp:${action}`, { kind, action, list: () => ({ action, id: action }) }]),
    ),
    "mcp:resources/read": { ...entry, action: "resources/read", id: "uri" },
    "mcp:prompts/get": { ...entry, action: "prompts/get", id: "name" },
  };
}
