import type { Decision, Denied } from "@hopwise/core";
import { modelView } from "@hopwise/core/adapter";
import type { JsonRpcId, JsonRpcMessage } from "./jsonrpc.ts";

/** Where a denied tool result carries its code for programs. */
export const META_DENIAL = "dev.hopwise/denial";

/** The call came without a chain and a proof: a client has to send them. Outside of the range JSON-RPC reserves. */
export const PROOF_REQUIRED = 4301;
const DENIED = 4303;
/** JSON-RPC's own code for a method that a server does not have: clients look for it before they try another. */
const METHOD_NOT_FOUND = -32601;

/**
 * The members of a refusal that leave the server. A decision has them all; a refusal by the guard itself has no record
 * to name.
 */
export type WireRefusal = Pick<Denied, "code" | "hop" | "nonce" | "pointer" | "reason" | "wouldPass"> &
  Partial<Pick<Denied, "invocation">>;

/** The data of a denial for programs. */
export interface DenialData {
  readonly code: string;
  readonly retryable: boolean;
  /** Names the denial's record, for the operator of the server. */
  readonly invocation?: string;
  /** The first hop that was refused; with `policy_denied` always 0, and only the record tells which it was. */
  readonly hop?: number;
  /** The nonce that the next proof must name; only with `proof_nonce_required`. */
  readonly nonce?: string;
}

/** The text of a refusal for people and models, and its data for programs: the same members, in the same order. */
function wireView(refusal: WireRefusal): { readonly text: string; readonly data: DenialData } {
  const { code, message, retryable } = modelView(refusal);
  const { invocation, nonce } = refusal;
  // What is not there is refused at the user. Another hop would say that a thing exists, and that the user may have it.
  const hop = code === "policy_denied" ? 0 : refusal.hop;
  return {
    text: `Not allowed (${code}). ${message}`,
    data: {
      code,
      retryable,
      ...(invocation !== undefined && { invocation }),
      ...(hop !== undefined && { hop }),
      ...(nonce !== undefined && { nonce }),
    },
  };
}

/** A denied tool call as a tool result: the model reads it and goes on, where a protocol error might end its loop. */
export interface ToolDenial {
  /** As the result types of MCP's SDKs have it. */
  readonly [member: string]: unknown;
  readonly content: { type: "text"; text: string }[];
  readonly isError: true;
  readonly _meta: Record<string, unknown>;
}

export function toolDenial(refusal: WireRefusal): ToolDenial {
  const { text, data } = wireView(refusal);
  return { content: [{ type: "text", text }], isError: true, _meta: { [META_DENIAL]: data } };
}

/** Whether a client has to answer this refusal with another proof, before its model hears of it. */
export function asksForProof({ code }: WireRefusal): boolean {
  return code === "proof_missing" || code === "proof_nonce_required";
}

/** What is told of a decision that does not let the call run. */
export function refusalOf(decision: Exclude<Decision, { outcome: "allowed" }>): WireRefusal {
  switch (decision.outcome) {
    case "denied":
      return decision;
    case "pending":
      return { ...decision, code: "approval_required" };
  }
}

/** A denied request as a JSON-RPC error. */
export function errorDenial(id: JsonRpcId, refusal: WireRefusal): JsonRpcMessage {
  const { text, data } = wireView(refusal);
  return {
    jsonrpc: "2.0",
    id,
    error: { code: asksForProof(refusal) ? PROOF_REQUIRED : DENIED, message: text, data },
  };
}

/** A request that was refused before the authorizer was asked, with a message of its own. */
export function refused(
  id: JsonRpcId,
  code: "method_unguarded" | "arguments_malformed",
  message: string,
): JsonRpcMessage {
  return {
    jsonrpc: "2.0",
    id,
    error: {
      code: code === "method_unguarded" ? METHOD_NOT_FOUND : DENIED,
      message: `Not allowed (${code}). ${message}`,
      data: { code, retryable: false },
    },
  };
}
