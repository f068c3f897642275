/** A transport that checks nothing: it hands on what the test says, and keeps what comes back. */
import type { JsonRpcMessage, McpTransport, MessageExtra } from "@hopwise/mcp";
import type { FastMCP } from "fastmcp";

export interface Loose {
  readonly sent: readonly JsonRpcMessage[];
  readonly errors: readonly Error[];
  say(message: unknown, extra?: MessageExtra): void;
  /** The answer to the request of this id, also a later one. */
  answer(id: unknown): Promise<JsonRpcMessage>;
  close(): Promise<void>;
}

/**
 * Connects a guarded server to it.
 *
 * @param onSend sees each message at the moment at which a real transport would look for its stream
 */
export async function loosely(
  server: Pick<FastMCP, "connect">,
  onSend: (message: JsonRpcMessage) => void = () => {},
): Promise<Loose> {
  const sent: JsonRpcMessage[] = [];
  const errors: Error[] = [];
  let wake: () => void = () => {};
  const transport: McpTransport = {
    start: async () => {},
    close: async () => transport.onclose?.(),
    send: async (message) => {
      onSend(message);
      sent.push(message);
      wake();
    },
    onerror: (error) => errors.push(error),
  };
  const connecting = server.connect(transport);
  transport.onmessage?.({
    jsonrpc: "2.0",
    id: "initialize",
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "loose", version: "1" } },
  });
  await connecting;
  return {
    sent,
    errors,
    say: (message, extra) => transport.onmessage?.(message as JsonRpcMessage, extra),
    answer: async (id) => {
      for (;;) {
        const found = sent.find((message) => message.id === id && message.method === undefined);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    close: () => transport.close(),
  };
}
