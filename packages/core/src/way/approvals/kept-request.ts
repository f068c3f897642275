import { HopwiseError } from "../../errors.ts";
import type { JsonObject } from "../../json/index.ts";
import type { KeptRequest } from "../../state/index.ts";
import type { ApprovalRequest, RequestHash } from "../../token/index.ts";

/** A request as it is kept: what the approver is shown, and what names it elsewhere. */
export interface AskedApproval {
  readonly id: string;
  readonly request: ApprovalRequest;
  /** The hash of the request, which an answer is of. */
  readonly hash: RequestHash;
  /** The invocation that asked: its record has the whole chain. */
  readonly invocation: string;
  /** Seconds since the epoch. */
  readonly askedAtSeconds: number;
  /** The user by the id that policies see. */
  readonly user: string;
  /** Those arguments that the tool map says to keep in records; by default none. */
  readonly arguments: JsonObject;
  /** H(root); undefined for a user without agents. */
  readonly chain?: string;
}

export function requestText({ id: _, ...asked }: AskedApproval): string {
  return JSON.stringify({ version: 1, ...asked });
}

/** Reads what a store kept. @throws {HopwiseError} `state_unavailable` for what this version cannot read */
export function readRequest({ id, text }: Pick<KeptRequest, "id" | "text">): AskedApproval {
  try {
    const { version, ...asked } = JSON.parse(text) as AskedApproval & { readonly version: number };
    const { request, hash, askedAtSeconds, user } = asked;
    const isWhole = typeof hash === "string" && typeof user === "string" && Number.isFinite(askedAtSeconds);
    if (version === 1 && isWhole && isRequest(request)) return { ...asked, id };
  } catch {
    // Told below.
  }
  throw new HopwiseError("state_unavailable", "a request for an approval cannot be read by this version");
}

function isRequest({ untilSeconds, user, agents, resource, argumentsHash }: ApprovalRequest): boolean {
  const isSubject = typeof user.issuer === "string" && typeof user.subject === "string";
  const hasParts =
    Array.isArray(agents) && typeof resource.kind === "string" && typeof argumentsHash.received === "string";
  return isSubject && hasParts && Number.isFinite(untilSeconds);
}
