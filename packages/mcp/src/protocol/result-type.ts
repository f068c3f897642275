import { isPlain, type JsonRpcMessage, type JsonRpcRequest } from "./jsonrpc.ts";

/** Where a request of newer versions of MCP, from 2026-07-28 on, names its version. */
const META_VERSION = "io.modelcontextprotocol/protocolVersion";
const COMPLETE = "complete";

/**
 * The same answer, as clients of the request's version take it: newer ones refuse a result that does not say of which type it is,
 * and a loop would take that for a call that failed, and make it again.
 */
export function withResultType(answer: JsonRpcMessage, { params }: JsonRpcRequest): JsonRpcMessage {
  const { result } = answer;
  const meta = isPlain(params) ? params["_meta"] : undefined;
  if (result === undefined || result["resultType"] !== undefined) return answer;
  return isPlain(meta) && META_VERSION in meta ? { ...answer, result: { ...result, resultType: COMPLETE } } : answer;
}

/** Whether a result is all of it, rather than a question to the client, or what a later version may have. */
export function isComplete({ resultType }: NonNullable<JsonRpcMessage["result"]>): boolean {
  return resultType === undefined || resultType === COMPLETE;
}
