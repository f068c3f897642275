import { type DenialCode, type Denied, modelView } from "@hopwise/core";
import type { JsonRpcId, JsonRpcMessage } from "./jsonrpc.ts";

/** Where a denied tool result carries its code for programs. */
export const META_DENIAL = "dev.hopwise/denial";

/** The call came without a chain and a proof: a client has to send them. Outside of the range JSON-RPC reserves. */
export const PROOF_REQUIRED = 4301;
const DENIED = 4303;

/** What programs may know of a denial. */
export interface DenialData {
  readonly code: string;
  readonly retryable: boolean;
  /** Names the record of it, for whoever runs the server. */
  readonly invocation: string;
  readonly hop?: number;
  /** What the next proof must name; only with `proof_nonce_required`. */
  readonly nonce?: string;
}

function denialData({ code, retryable, invocation, hop, nonce }: Denied): DenialData {
  return { code, retryable, invocation, ...(hop !== undefined && { hop }), ...(nonce !== undefined && { nonce }) };
}

/** A denied tool call as a tool result: the model reads it and goes on, where a protocol error might end its loop. */
export function toolDenial(denied: Denied): {
  content: { type: "text"; text: string }[];
  isError: true;
  _meta: Record<string, unknown>;
} {
  const { code, message } = modelView(denied);
  return {
    content: [{ type: "text", text: `Not allowed (${code}). ${message}` }],
    isError: true,
    _meta: { [META_DENIAL]: denialData(denied) },
  };
}

/** What a client has to answer with another proof, before its model hears of it. */
export function asksForProof({ code }: Denied): boolean {
  return code === "proof_missing" || code === "proof_nonce_required";
}

/** A denied request as a JSON-RPC error. */
export function errorDenial(id: JsonRpcId, denied: Denied): JsonRpcMessage {
  const { message } = modelView(denied);
  const code = asksForProof(denied) ? PROOF_REQUIRED : DENIED;
  return {
    jsonrpc: "2.0",
    id,
    error: { code, message: `Not allowed (${denied.code}). ${message}`, data: denialData(denied) },
  };
}

/** A denial that the guard itself gives, where the authorizer was not asked or could not answer. */
export function ownDenial(code: DenialCode, tool: string, rest: Partial<Denied> = {}): Denied {
  return {
    outcome: "denied",
    code,
    stage: "arguments",
    message: "the guard of the transport refused it",
    invocation: "",
    time: new Date().toISOString(),
    tool,
    verdicts: [],
    timings: {},
    retryable: false,
    ...rest,
  };
}

/** A request that was refused before anybody could be asked. */
export function refused(
  id: JsonRpcId,
  code: "method_unguarded" | "arguments_malformed",
  message: string,
): JsonRpcMessage {
  return {
    jsonrpc: "2.0",
    id,
    error: { code: DENIED, message: `Not allowed (${code}). ${message}`, data: { code, retryable: false } },
  };
}
