import type { Decision, Denied } from "@hopwise/core";
import { type WireView, waitingView, wireView } from "@hopwise/core/adapter";
import type { JsonRpcId, JsonRpcMessage } from "./jsonrpc.ts";
import { META_PENDING, type PendingData, pendingData, WAITS, type Waiting } from "./pending.ts";

/** Where a denied tool result carries its code for programs. */
export const META_DENIAL = "dev.hopwise/denial";

/** The call came without a chain and a proof: a client has to send them. Outside of the range JSON-RPC reserves. */
export const PROOF_REQUIRED = 4301;
export const DENIED = 4303;
/** JSON-RPC's own code for a method that a server does not have: clients look for it before they try another. */
export const METHOD_NOT_FOUND = -32601;

/** A decision, or a refusal by the guard itself, which has no record to name. */
export type WireRefusal = Pick<Denied, "code"> & Partial<Denied>;

/** Whether a server says that it does not have the method that it was asked for. */
export function isUnserved({ error }: JsonRpcMessage): boolean {
  return error?.code === METHOD_NOT_FOUND;
}

/** The data of a denial for programs. */
export type DenialData = Omit<WireView, "message">;

/** Why a call does not run: it was refused, or it waits. */
export type NotRun = WireRefusal | Waiting;

/** What leaves the server of a call that does not run: a text for people and models, and data for programs. */
interface WireAnswer {
  readonly text: string;
  readonly meta: typeof META_DENIAL | typeof META_PENDING;
  readonly data: DenialData | PendingData;
  /** Of the JSON-RPC error, where it is no tool's call. */
  readonly code: number;
}

function wireAnswer(of: NotRun): WireAnswer {
  if ("approval" in of) return { text: waitingView(of), meta: META_PENDING, data: pendingData(of), code: WAITS };
  const { message, ...data } = wireView(of);
  return {
    text: `Not allowed (${data.code}). ${message}`,
    meta: META_DENIAL,
    data,
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
  const { text, meta, data } = wireAnswer(notRun);
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
  const { text, data, code } = wireAnswer(notRun);
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
