import type { ErrorCode, StartErrorCode, WouldPass } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import type { Hop } from "../principal/index.ts";
import type { ContextOrigin } from "../source/index.ts";
import type { ChainId } from "../token/index.ts";
import type { HopVerdict } from "./check-hops.ts";
import type { Obligations } from "./obligations.ts";

/** The answer to one call. Denials are values; only a mistake of the programmer throws. */
export type Decision = Allowed | Denied | Pending;

/** Codes that a denial can have. */
export type DenialCode = Exclude<ErrorCode, StartErrorCode>;

/** Where on its way a call was stopped. */
export type Stage = "arguments" | "token" | "principal" | "proof" | "grant" | "replay" | "context" | "policy" | "audit";

/** What every answer says. */
interface Answer {
  /** Names this invocation: in the audit record, in Cerbos' annotations, in an error to the caller. */
  readonly invocation: string;
  /** When it was decided: ISO 8601, UTC. */
  readonly time: string;
  readonly tool: string;
  /** What policies were asked about; undefined where they were not asked. */
  readonly asked?: Asked;
  /** The chain, once it verified; hop 0 is the user. Undefined where nobody could be told. */
  readonly chain?: ChainView;
  /** What the policies said, hop by hop; empty where they were not asked. */
  readonly verdicts: readonly HopVerdict[];
  /** Where each source's attributes came from; undefined where none was asked. */
  readonly context?: readonly ContextOrigin[];
  /** Milliseconds by stage, and in all. */
  readonly timings: Timings;
}

/** A call in the words of policies. Not which resource: its id may be an argument, and these are kept as configured. */
export interface Asked {
  readonly kind: string;
  readonly action: string;
  readonly scope?: string;
}

/** Who acts for whom. */
export interface ChainView {
  /** H(root); undefined for a user without agents. */
  readonly id?: ChainId;
  readonly issuer: string;
  readonly hops: readonly Hop[];
}

export type Timings = { readonly [stage in Stage | "total"]?: number };

export interface Allowed extends Answer {
  readonly outcome: "allowed";
  /** The arguments that were checked, deeply frozen. What runs must be this object. */
  readonly arguments: JsonObject;
  /** What the result has to go through before anybody sees it: see `fulfil`. */
  readonly obligations?: Obligations;
  /** The arguments are the tool map's projection: what runs is the value that the projection was made from. */
  readonly projected?: true;
}

export interface Denied extends Answer {
  readonly outcome: "denied";
  readonly code: DenialCode;
  readonly stage: Stage;
  /** For operators: what is wrong, where, and what to do. */
  readonly message: string;
  /** The first hop that did not allow it. */
  readonly hop?: number;
  /** What the policy gave as its reason. */
  readonly reason?: string;
  /** JSON pointer into the arguments or into the token. */
  readonly pointer?: string;
  readonly rule?: string;
  /** What would pass in its place, as far as the chain tells. */
  readonly wouldPass?: WouldPass;
  /** What the next proof must name; only with `proof_nonce_required`. */
  readonly nonce?: string;
  /** Whether the same call may be allowed later, without anybody being given more. */
  readonly retryable: boolean;
}

/** Somebody must approve first. Nothing gives this answer yet; it is part of the type so that callers are ready. */
export interface Pending extends Answer {
  readonly outcome: "pending";
}

const RETRYABLE: ReadonlySet<DenialCode> = new Set<DenialCode>([
  "token_expired",
  "token_not_yet_valid",
  "proof_nonce_required",
  "context_unavailable",
  "policy_unavailable",
  "audit_unavailable",
  "state_unavailable",
]);

/** Whether a denial with this code may pass later. */
export function isRetryable(code: DenialCode): boolean {
  return RETRYABLE.has(code);
}
