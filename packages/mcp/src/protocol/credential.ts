import type { Credential } from "@hopwise/core/tokens";
import { type JsonRpcMessage, metaOf, withMeta } from "./jsonrpc.ts";

/** Where a request carries its chain and its proof, on every transport of MCP. */
const META_CHAIN = "dev.hopwise/chain";
const META_PROOF = "dev.hopwise/proof";

/** Where it names the request that was approved. It is no credential: it shows nothing, and opens nothing by itself. */
export const META_APPROVAL = "dev.hopwise/approval";

/** The credential of a request, or the part of one that came: with any of it, no other login may speak for its caller. */
export function credentialIn(message: JsonRpcMessage): Credential | undefined {
  const { [META_CHAIN]: chain, [META_PROOF]: proof } = metaOf(message);
  return chain === undefined && proof === undefined ? undefined : ({ chain, proof } as Credential);
}

/**
 * The trace that a request says it belongs to, under the name that MCP reserves for it. Any caller can claim any trace.
 */
export function traceparentIn(message: JsonRpcMessage): string | undefined {
  const { traceparent } = metaOf(message);
  return typeof traceparent === "string" ? traceparent : undefined;
}

/** The request that a call says was approved: whatever came under that name. */
export function approvalIn(message: JsonRpcMessage): unknown {
  return metaOf(message)[META_APPROVAL];
}

/** The same message that names the request which was approved. */
export function withApproval<M extends JsonRpcMessage>(message: M, request: string): M {
  return withMeta(message, { [META_APPROVAL]: request });
}

/** The same message without chain, proof and approval: no handler, and no log of a handler, ever sees a token. */
export function withoutCredential<M extends JsonRpcMessage>(message: M): M {
  if (credentialIn(message) === undefined && approvalIn(message) === undefined) return message;
  const { [META_CHAIN]: _chain, [META_PROOF]: _proof, [META_APPROVAL]: _approval, ...meta } = metaOf(message);
  const { _meta, ...params } = message.params as NonNullable<M["params"]>;
  return { ...message, params: Object.keys(meta).length === 0 ? params : { ...params, _meta: meta } };
}

export function withCredential<M extends JsonRpcMessage>(message: M, { chain, proof }: Credential): M {
  return withMeta(message, { [META_CHAIN]: chain, [META_PROOF]: proof });
}
