import type { JsonRpcMessage, McpTransport } from "@hopwise/mcp";
import { FastMCPSession } from "fastmcp";
import type { AnyTemplate } from "./wrap-template.ts";
import type { AnyTool } from "./wrap-tool.ts";

/** What a session has that no client ever sees. */
interface SessionContents {
  readonly tools?: readonly AnyTool[];
  readonly resourcesTemplates?: readonly AnyTemplate[];
}

/** What FastMCP itself answers to one request, where a server has nothing else than this. */
export async function askSession(
  contents: SessionContents,
  request: { readonly method: string; readonly params?: JsonRpcMessage["params"] },
): Promise<JsonRpcMessage> {
  const nothing = { tools: [], prompts: [], resources: [], resourcesTemplates: [] };
  const { server } = new FastMCPSession({ name: "asked", version: "1.0.0", ...nothing, ...contents } as never);
  return await new Promise((resolve, reject) => {
    const transport: McpTransport = {
      start: async () => {},
      close: async () => {},
      send: async (message) => resolve(message),
    };
    server
      .connect(transport)
      .then(() => transport.onmessage?.({ jsonrpc: "2.0", id: 1, ...request } as JsonRpcMessage))
      .catch(reject);
  });
}
