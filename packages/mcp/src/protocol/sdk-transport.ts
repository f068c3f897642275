import type { McpTransport } from "./jsonrpc.ts";

/*
 * What an HTTP transport of the MCP SDKs does with what is sent by it. They say so to nobody, but by members of their own; a transport
 * for Node.js has another one within.
 */

/**
 * Whether it answers by JSON. It loses what is sent while a call runs, without a word: who asks its client would wait for an answer until
 * the SDK gives up.
 */
export function answersByJson(transport: McpTransport): boolean {
  return within(transport)["_enableJsonResponse"] === true;
}

/** Whether it keeps what it sent, for clients that resume a stream. */
export function keepsEvents(transport: McpTransport): boolean {
  return Boolean(within(transport)["_eventStore"]);
}

function within(transport: McpTransport): { readonly [member: string]: unknown } {
  const { _webStandardTransport: own = transport } = transport as { readonly _webStandardTransport?: unknown };
  return Object(own);
}
