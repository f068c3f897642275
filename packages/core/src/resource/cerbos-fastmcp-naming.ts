import type { JsonObject } from "../json/index.ts";
import { maybe, optionsOf, text } from "../options/index.ts";
import type { ListedAs, ToolEntry, ToolMap } from "./tool-entry.ts";

/** Options of {@link cerbosFastmcpNaming}. */
export interface CerbosFastmcpOptions {
  /**
   * The kind of all resources; the middleware's option `resource_kind`.
   *
   * @defaultValue `mcp_server`
   */
  readonly kind?: string;
}

const readOptions = optionsOf<CerbosFastmcpOptions>("cerbosFastmcpNaming", {
  kind: maybe(text("a Cerbos resource kind, such as mcp_server")),
});

/** Each of these lists is asked about as a whole, before its items. */
const LISTS = ["tools/list", "resources/list", "prompts/list"] as const;

/** What a tool's call and its place in the list tell of it, beside the arguments. */
const ATTRIBUTES: JsonObject = {
  type: "object",
  required: ["tool_name", "source"],
  properties: { tool_name: { type: "string" }, source: { const: "client" } },
};

/**
 * A tool map that asks policies in the words of the Python middleware `cerbos-fastmcp`, so that policies written for it
 * hold unchanged, now for every hop: one kind for all, the tool's name as the resource's id, the action
 * `tools/call::NAME`, and the attributes `tool_name`, `arguments` and `source`; the list of tools by `tools/list` and each
 * of them by `tools/list::NAME`; resources and their templates by `resources/list`, prompts by `prompts/list`, without a
 * question about each.
 *
 * This map also asks about two operations that the middleware lets pass: `resources/read` with the URI as id, and
 * `prompts/get` with the prompt's name. docs/from-cerbos-fastmcp.md has the whole way.
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right
 */
export function cerbosFastmcpNaming(options: CerbosFastmcpOptions = {}): ToolMap {
  const { kind = "mcp_server" } = readOptions(options);
  const attributes = (tool: string): JsonObject => ({ tool_name: tool, source: "client" });
  const entry: Pick<ToolEntry, "kind" | "argumentsAs"> = { kind, argumentsAs: "arguments" };
  return {
    "*": {
      ...entry,
      action: (tool) => `tools/call::${tool}`,
      attributes: (_, { tool }) => attributes(tool),
      attributesSchema: ATTRIBUTES,
      list: (tool) => ({
        action: `tools/list::${tool}`,
        id: tool,
        attributes: { ...attributes(tool), arguments: {} },
      }),
    },
    ...Object.fromEntries(LISTS.map((action) => [`mcp:${action}`, { kind, action, list: wholeList(action) }])),
    "mcp:resources/read": { ...entry, action: "resources/read", id: "uri", list: wholeList("resources/list") },
    "mcp:prompts/get": { ...entry, action: "prompts/get", id: "name", list: wholeList("prompts/list") },
  };
}

/** The question about a list, which is the only one about each of its items, too. */
function wholeList(action: (typeof LISTS)[number]): () => ListedAs {
  return () => ({ action, id: action });
}
