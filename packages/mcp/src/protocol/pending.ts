import type { Pending, WaitingApproval } from "@hopwise/core";
import { isHttpsAddress } from "@hopwise/core/options";
import { isPlain, type JsonRpcMessage } from "./jsonrpc.ts";

/** Where the result of a call that waits for people says so, for programs. */
export const META_PENDING = "dev.hopwise/pending";

/** The JSON-RPC error of such a request that is no tool call. Outside of the range JSON-RPC reserves. */
export const WAITS = 4302;

/** What a call waits for, for programs. */
export interface PendingData {
  /** Names the request: the same call names it later, under `dev.hopwise/approval`. */
  readonly request: string;
  /** Why, by the policy. */
  readonly reason: string;
  /** How many different people must approve. */
  readonly approvers: number;
  /** Until when the approved call may be made, in seconds since the epoch. */
  readonly until: number;
  /** Names the record, for the operator of the server. */
  readonly invocation: string;
  /** Where people can answer, if the server tells: an https address (http on this machine alone), of that server's choice. */
  readonly url?: string;
}

/** A decision that waits, with the page where people can answer. */
export interface Waiting extends Pick<Pending, "approval" | "invocation"> {
  readonly url?: string | undefined;
}

export function pendingData({ approval, invocation, url }: Waiting): PendingData {
  const { request, reason, approvers, untilSeconds: until } = approval;
  return { request, reason, approvers, until, invocation, ...(url !== undefined && { url }) };
}

/** Longer than any id. It is remembered, and sent with the next such call: a hostile server chooses it. */
const LONGEST_REQUEST = 64;

/**
 * What a result that came from elsewhere says of a call that waits; undefined where it says nothing of the kind. An address that is
 * none to log in at is left out: a program may make a link of it, and `javascript:` is a URL, too.
 */
export function pendingIn(meta: unknown): PendingData | undefined {
  try {
    return isPlain(meta) && isPlain(meta[META_PENDING]) ? dataOf(meta[META_PENDING]) : undefined;
  } catch {
    // What fails when it is read says nothing.
    return undefined;
  }
}

function dataOf({
  request,
  reason,
  approvers,
  until,
  invocation,
  url,
}: Record<string, unknown>): PendingData | undefined {
  const isWhole = typeof request === "string" && typeof reason === "string" && typeof invocation === "string";
  if (!isWhole || request.length > LONGEST_REQUEST) return undefined;
  if (!Number.isSafeInteger(approvers) || !Number.isFinite(until)) return undefined;
  const common = { request, reason, approvers: approvers as number, until: until as number, invocation };
  return { ...common, ...(isHttpsAddress(url) && { url }) };
}

/** Whether a client says that it can show its user a page (elicitation in URL mode, MCP 2025-11-25). */
export function showsPages({ method, params }: JsonRpcMessage): boolean {
  if (method !== "initialize" || !isPlain(params) || !isPlain(params["capabilities"])) return false;
  const { elicitation } = params["capabilities"];
  return isPlain(elicitation) && isPlain(elicitation["url"]);
}

/** Asks a client to show its user the page of a request. Nobody waits for the answer: it says only that it was shown. */
export function pageShown({ request, reason, approvers }: WaitingApproval, url: string): JsonRpcMessage {
  const who = approvers === 1 ? "A person has" : `${approvers} people have`;
  return {
    jsonrpc: "2.0",
    id: crypto.randomUUID(),
    method: "elicitation/create",
    params: {
      mode: "url",
      elicitationId: request,
      url,
      message: `${who} to approve this call first. Reason given: ${JSON.stringify(reason)}`,
    },
  };
}
