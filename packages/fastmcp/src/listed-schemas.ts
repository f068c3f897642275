import { type InputSchema, loosen, type OutputSchema } from "@hopwise/core/adapter";
import type { JsonRpcMessage, MayChangeByTool, McpTransport } from "@hopwise/mcp";
import { FastMCPSession } from "fastmcp";
import type { AnyTool } from "./wrap-tool.ts";

const LIST: JsonRpcMessage = { jsonrpc: "2.0", id: 1, method: "tools/list" };

/** The JSON Schemas that FastMCP lists of a tool. */
export interface ListedSchemas {
  /** Undefined where FastMCP cannot list the tool. */
  readonly inputSchema: InputSchema | undefined;
  /** Undefined for a tool without one, `null` where FastMCP cannot list it. */
  readonly outputSchema: OutputSchema | undefined;
}

/**
 * The schemas that FastMCP lists of a tool: its clients go by those, whatever library the tool's author wrote them in.
 * FastMCP is asked itself, by a session of this tool alone, which no client ever sees; the guard then lists that of results
 * looser where policies may change them.
 */
export async function listedSchemas(tool: AnyTool, mayChange: MayChangeByTool): Promise<ListedSchemas> {
  try {
    const { server } = new FastMCPSession({
      name: "listing",
      version: "1.0.0",
      tools: [tool],
      prompts: [],
      resources: [],
      resourcesTemplates: [],
    } as never);
    const answer = await new Promise<JsonRpcMessage>((resolve, reject) => {
      const transport: McpTransport = {
        start: async () => {},
        close: async () => {},
        send: async (message) => resolve(message),
      };
      server
        .connect(transport as never)
        .then(() => transport.onmessage?.(LIST))
        .catch(reject);
    });
    const [listed] = (answer.result?.["tools"] ?? []) as readonly Partial<ListedSchemas>[];
    const change = Object.hasOwn(mayChange, tool.name) ? mayChange[tool.name] : undefined;
    return {
      inputSchema: listed?.inputSchema,
      outputSchema: tool.outputSchema && loosen(listed?.outputSchema ?? null, change ?? {}),
    };
  } catch {
    return { inputSchema: undefined, outputSchema: tool.outputSchema && null };
  }
}
