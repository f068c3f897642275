import { HopwiseError } from "@hopwise/core";
import type { JsonRpcMessage, McpTransport } from "@hopwise/mcp";

const PROBE = "hopwise/probe";

/**
 * Proves that a new session of a server is behind the guard: connects one in memory and asks for what no guard lets
 * through. An unguarded session would answer that there is no such method.
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
  const answer = answers.get(PROBE);
  const data = answer?.error?.data as { code?: string } | undefined;
  if (data?.code !== "method_unguarded") {
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
  { jsonrpc: "2.0", id: PROBE, method: PROBE },
];
