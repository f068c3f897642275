import { having, type Shape } from "@hopwise/core/options";

/** An object of which nothing is known. */
export type Plain = { readonly [key: string]: unknown };

/** A JSON-RPC 2.0 message as MCP transports carry it. Structural, so that any SDK's transport fits. */
export interface JsonRpcMessage {
  readonly jsonrpc: "2.0";
  readonly id?: string | number | undefined;
  readonly method?: string;
  readonly params?: Plain | undefined;
  readonly result?: Plain | undefined;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** What the transport tells about a message besides its text. */
export interface MessageExtra {
  /** SDK 2.x and mcp-proxy: the web request that brought the message. */
  readonly request?: { readonly headers: Headers };
  /** SDK 1.x. */
  readonly requestInfo?: { readonly headers: { readonly [name: string]: string | string[] | undefined } };
  /** What the server's own authentication found. It is never read here: one session's requests may come from several senders. */
  readonly authInfo?: unknown;
}

/** Of a method, not of a function: the MCP SDK's transports take messages of a narrower type than this one, and fit all the same. */
type OnMessage = { take(message: JsonRpcMessage, extra?: MessageExtra): void }["take"];

/** The part of an MCP transport that a guard or a carrier stands in front of. */
export interface McpTransport {
  start(): Promise<void>;
  close(): Promise<void>;
  send(message: JsonRpcMessage, options?: SendOptions): Promise<void>;
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: OnMessage | undefined;
  sessionId?: string | undefined;
  setProtocolVersion?: ((version: string) => void) | undefined;
}

export const TRANSPORT: Shape = having(
  "an MCP transport, such as new StdioServerTransport()",
  ...(["start", "close", "send"] satisfies (keyof McpTransport)[]),
);

export interface SendOptions {
  /** The request on whose stream the message goes. */
  readonly relatedRequestId?: JsonRpcId;
}

export type JsonRpcId = string | number;

/** A message that asks for an answer. */
export interface JsonRpcRequest extends JsonRpcMessage {
  readonly id: JsonRpcId;
  readonly method: string;
}

export function isPlain(params: unknown): params is Plain {
  return typeof params === "object" && params !== null && !Array.isArray(params);
}

export function isRequest(message: JsonRpcMessage): message is JsonRpcRequest {
  // A batch that a client sends may hold anything.
  return (
    isPlain(message) &&
    typeof message.method === "string" &&
    (typeof message.id === "string" || typeof message.id === "number")
  );
}

/**
 * The same request, of nothing but what a request has: the MCP SDK takes one with any other member for no request, and never
 * answers it. A copy, since in one process the caller may still hold the message, and change it.
 */
export function ownRequest({ id, method, params }: JsonRpcRequest): JsonRpcRequest {
  const request = { jsonrpc: "2.0", id, method } as const;
  if (params === undefined) return request;
  if (!isPlain(params)) return { ...request, params };
  const { _meta: meta } = params;
  return { ...request, params: { ...params, ...(isPlain(meta) && { _meta: { ...meta } }) } };
}

/** What a message says of itself beside its parameters (`_meta`); nothing where that is no object. */
export function metaOf({ params }: JsonRpcMessage): Plain {
  const meta = params?.["_meta"];
  return typeof meta === "object" && meta !== null ? (meta as Plain) : {};
}

/** The same message, which says this of itself, too. */
export function withMeta<M extends JsonRpcMessage>(message: M, more: Plain): M {
  return { ...message, params: { ...message.params, _meta: { ...metaOf(message), ...more } } };
}

/** A message that wants no answer. */
export interface JsonRpcNotification extends JsonRpcMessage {
  readonly id?: undefined;
  readonly method: string;
}

export function isNotification(message: JsonRpcMessage): message is JsonRpcNotification {
  return message.id === undefined && typeof message.method === "string";
}

/** Whether a message came over HTTP, where a session can have more callers than one. */
export function cameOverHttp(extra: MessageExtra | undefined): boolean {
  return extra !== undefined && ("request" in extra || "requestInfo" in extra);
}

/** The headers of the HTTP request that brought a message; undefined where no HTTP request did, as on stdio. */
export function headersOf(extra: MessageExtra | undefined): Headers | undefined {
  if (extra?.request !== undefined) return new Headers(extra.request.headers);
  const plain = extra?.requestInfo?.headers;
  if (plain === undefined) return undefined;
  const headers = new Headers();
  for (const [name, value] of Object.entries(plain)) {
    for (const one of Array.isArray(value) ? value : value === undefined ? [] : [value]) headers.append(name, one);
  }
  return headers;
}
