import { HopwiseError } from "@hopwise/core";
import type { JsonRpcMessage, McpTransport } from "@hopwise/mcp";

const PROBE_TOOL = "hopwise-probe";

/**
 * Proves that a new session of a server is behind the guard: connects one in memory and calls a tool without a chain. A
 * guard answers that itself, an unguarded session would answer that there is no such tool.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export async function mustAnswer(connect: (transport: McpTransport) => Promise<unknown>): Promise<void> {
  const answers = new Map<unknown, JsonRpcMessage>();
  const transport: McpTransport = {
    start: async () => {
      setImmediate(() => {
        for (const message of CONVERSATION) transport.onmessage?.(message);
      });
    },
    close: async () => transport.onclose?.(),
    send: async (message) => {
      answers.set(message.id, message);
    },
  };
  await connect(transport);
  await transport.close();
  const answer = answers.get(PROBE_TOOL);
  const data = answer?.error?.data as { code?: string } | undefined;
  if (data?.code !== "proof_missing") {
    throw new HopwiseError(
      "config_invalid",
      "the server's sessions do not pass the guard, so it is not started; import FastMCP from the same copy of fastmcp (ESM) as @hopwise/fastmcp does",
    );
  }
}

const CONVERSATION: readonly JsonRpcMessage[] = [
  {
    jsonrpc: "2.0",
    id: "hopwise-initialize",
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "hopwise-probe", version: "1" } },
  },
  { jsonrpc: "2.0", method: "notifications/initialized" },
  { jsonrpc: "2.0", id: PROBE_TOOL, method: "tools/call", params: { name: PROBE_TOOL, arguments: {} } },
];
