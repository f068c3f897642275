import { loosen, type OutputSchema } from "@hopwise/core/adapter";
import type { JsonRpcMessage, MayChangeByTool, McpTransport } from "@hopwise/mcp";
import { FastMCPSession } from "fastmcp";
import type { AnyTool } from "./wrap-tool.ts";

const LIST: JsonRpcMessage = { jsonrpc: "2.0", id: 1, method: "tools/list" };

/**
 * The output schema that FastMCP lists for a tool: its clients hold each result against that one, whatever library the
 * tool's author wrote it in. FastMCP is asked itself, by a session of this tool alone, which no client ever sees; the
 * guard then lists it looser where policies may change results.
 *
 * @returns `null` where FastMCP cannot list it
 */
export async function listedSchema(tool: AnyTool, mayChange: MayChangeByTool): Promise<OutputSchema> {
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
    const [listed] = (answer.result?.["tools"] ?? []) as readonly { readonly outputSchema?: OutputSchema }[];
    const change = Object.hasOwn(mayChange, tool.name) ? mayChange[tool.name] : undefined;
    return loosen(listed?.outputSchema ?? null, change ?? {});
  } catch {
    return null;
  }
}
