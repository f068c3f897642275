import type { Decision, Denied } from "@hopwise/core";
import { modelView, waitingView } from "@hopwise/core/adapter";
import type { JsonRpcId, JsonRpcMessage } from "./jsonrpc.ts";
import { META_PENDING, type PendingData, pendingData, WAITS, type Waiting } from "./pending.ts";

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

/** Why a call does not run: it was refused, or it waits. */
export type NotRun = WireRefusal | Waiting;

/** What leaves the server of a call that does not run: a text for people and models, and data for programs. */
interface WireView {
  readonly text: string;
  readonly meta: typeof META_DENIAL | typeof META_PENDING;
  readonly data: DenialData | PendingData;
  /** Of the JSON-RPC error, where it is no tool's call. */
  readonly code: number;
}

/** The same members, in the same order, for every refusal. */
function wireView(of: NotRun): WireView {
  if ("approval" in of) return { text: waitingView(of), meta: META_PENDING, data: pendingData(of), code: WAITS };
  const { code, message, retryable } = modelView(of);
  const { invocation, nonce } = of;
  // What is not there is refused at the user. Another hop would say that a thing exists, and that the user may have it.
  const hop = code === "policy_denied" ? 0 : of.hop;
  return {
    text: `Not allowed (${code}). ${message}`,
    meta: META_DENIAL,
    data: {
      code,
      retryable,
      ...(invocation !== undefined && { invocation }),
      ...(hop !== undefined && { hop }),
      ...(nonce !== undefined && { nonce }),
    },
    code: asksForProof(of) ? PROOF_REQUIRED : DENIED,
  };
}

/**
 * A call that did not run as a tool result: the model reads it and goes on, where a protocol error might end its loop. One
 * that waits is an error, too: the tool gave nothing, and where it announced an output schema clients take no result
 * without structured content but an error.
 */
export interface ToolDenial {
  /** As the result types of MCP's SDKs have it. */
  readonly [member: string]: unknown;
  readonly content: { type: "text"; text: string }[];
  readonly isError: true;
  readonly _meta: Record<string, unknown>;
}

export function toolDenial(notRun: NotRun): ToolDenial {
  const { text, meta, data } = wireView(notRun);
  return { content: [{ type: "text", text }], isError: true, _meta: { [meta]: data } };
}

/** Whether a client has to answer this refusal with another proof, before its model hears of it. */
export function asksForProof(notRun: NotRun): boolean {
  return "code" in notRun && (notRun.code === "proof_missing" || notRun.code === "proof_nonce_required");
}

/** What is told of a decision that does not let the call run. */
export function notRunOf(decision: Exclude<Decision, { outcome: "allowed" }>, url?: string): NotRun {
  switch (decision.outcome) {
    case "denied":
      return decision;
    case "pending": {
      const { approval, invocation } = decision;
      return { approval, invocation, url };
    }
  }
}

/** A request that did not run as a JSON-RPC error. */
export function errorDenial(id: JsonRpcId, notRun: NotRun): JsonRpcMessage {
  const { text, data, code } = wireView(notRun);
  return { jsonrpc: "2.0", id, error: { code, message: text, data } };
}

/**
 * A request that no policy rules on, refused with a message of its own.
 *
 * @param invocation names its record, where the authorizer was asked
 */
export function refused(
  id: JsonRpcId,
  code: "method_unguarded" | "arguments_malformed",
  message: string,
  invocation?: string,
): JsonRpcMessage {
  return {
    jsonrpc: "2.0",
    id,
    error: {
      code: code === "method_unguarded" ? METHOD_NOT_FOUND : DENIED,
      message: `Not allowed (${code}). ${message}`,
      data: { code, retryable: false, ...(invocation !== undefined && { invocation }) },
    },
  };
}
