import { type JsonRpcMessage, type JsonRpcRequest, metaOf } from "./jsonrpc.ts";

/** Where a request of newer versions of MCP, from 2026-07-28 on, names its version. */
const META_VERSION = "io.modelcontextprotocol/protocolVersion";
/** And beside it, who its client is, and what it can do: a server refuses a request that does not say so. */
const META_CLIENT = ["io.modelcontextprotocol/clientInfo", "io.modelcontextprotocol/clientCapabilities"];
const COMPLETE = "complete";
/** What is decided for each caller, and what a cache may keep, as its result says. */
const CACHEABLE: ReadonlySet<string> = new Set([
  "tools/list",
  "prompts/list",
  "resources/list",
  "resources/templates/list",
  "resources/read",
]);

/**
 * The same answer, as clients of the request's version take it: newer ones refuse a result that does not say of which type it is,
 * or for how long and for whom it may be kept, and a loop would take that for a call that failed, and make it again. It answers
 * this one request, whatever the server says. A cache tells callers apart by their access token, or not at all, and never by their
 * chain: it would give what it kept to others, without a decision and without a record.
 */
export function inItsVersion(answer: JsonRpcMessage, request: JsonRpcRequest): JsonRpcMessage {
  const { result } = answer;
  if (result === undefined) return answer;
  const isNewer = META_VERSION in metaOf(request);
  // Older versions have no words for it. But what says nothing a client may be set to keep, whatever the version.
  const isCacheable = CACHEABLE.has(request.method) && isComplete(result);
  if (!isNewer && !isCacheable) return answer;
  const { resultType = COMPLETE } = result;
  return {
    ...answer,
    result: { ...result, ...(isNewer && { resultType }), ...(isCacheable && { ttlMs: 0, cacheScope: "private" }) },
  };
}

/** What another request of the same client says of its version; nothing where the version was agreed on when the session began. */
export function versionIn(request: JsonRpcMessage): { readonly _meta?: { readonly [key: string]: unknown } } {
  const meta = metaOf(request);
  if (!(META_VERSION in meta)) return {};
  const said = [META_VERSION, ...META_CLIENT].filter((key) => key in meta);
  return { _meta: Object.fromEntries(said.map((key) => [key, meta[key]])) };
}

/** Whether a result is all of it, rather than a question to the client, or what a later version may have. */
export function isComplete({ resultType }: NonNullable<JsonRpcMessage["result"]>): boolean {
  return resultType === undefined || resultType === COMPLETE;
}
