/**
 * An MCP client of the AI SDK that carries a delegation chain, and a proof for each request, to a guarded server.
 *
 * @packageDocumentation
 */
import { createMCPClient, type MCPClient, type MCPClientConfig, type MCPTransport } from "@ai-sdk/mcp";
import type { DelegationSource } from "@hopwise/core";
import { currentDelegation, isToolGranted } from "@hopwise/core/adapter";
import { carryingFetch, carryOver, type McpTransport } from "@hopwise/mcp";
import { markDecidedElsewhere } from "./decided-elsewhere.ts";
import { refuseStricter } from "./refuse-stricter.ts";

export interface DelegatedMcpClientOptions extends Omit<MCPClientConfig, "transport" | "experimental_events"> {
  /** Streamable HTTP by its URL, or a transport object such as that of `@ai-sdk/mcp/mcp-stdio`. */
  readonly transport:
    | { readonly type: "http"; readonly url: string; readonly headers?: Record<string, string> }
    | MCPTransport;
  /**
   * On whose behalf this client calls, for its whole life: a delegation, or a function that keeps one alive
   * (`renewing`).
   */
  readonly delegation: DelegationSource;
  /** The server's name, from your own configuration, never from the server's messages. */
  readonly audience: string;
}

/**
 * Makes an MCP client bound to one delegation. `tools()` gives only the tools that were handed over. The client signs
 * each call; the server decides and records it.
 *
 * @throws {HopwiseError} `audience_mismatch` at the first request where the delegation is not for that audience;
 *   `config_invalid` from `tools()` for an output schema that is stricter than what the server announces
 */
export async function createMcpClient({
  transport,
  delegation,
  audience,
  ...config
}: DelegatedMcpClientOptions): Promise<MCPClient> {
  const carry = { delegation, audience };
  const carrying: MCPClientConfig["transport"] =
    "start" in transport
      ? (carryOver(transport as unknown as McpTransport, carry) as unknown as MCPTransport)
      : { ...transport, fetch: carryingFetch(carry) };
  const client = await createMCPClient({ ...config, transport: carrying });
  const listTools = client.tools.bind(client);
  client.tools = (async (options) => {
    const tools = await listTools(options);
    const current = await currentDelegation(delegation);
    for (const [name, tool] of Object.entries(tools)) {
      if (isToolGranted(current, name, audience)) {
        await refuseStricter(name, tool);
        markDecidedElsewhere(tool, delegation);
      } else delete tools[name as keyof typeof tools];
    }
    return tools;
  }) as MCPClient["tools"];
  return client;
}
