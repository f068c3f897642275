import { plainText } from "./plain-text.ts";

/**
 * Every code Hopwise can answer with, grouped by the stage that gives it. Codes are stable: programs and policies may
 * depend on them; texts may change.
 */
export type ErrorCode =
  | TokenErrorCode
  | ProofErrorCode
  | GrantErrorCode
  | DecisionErrorCode
  | StateErrorCode
  | StartErrorCode;

/** Codes of a token or a chain of tokens that was refused. */
export type TokenErrorCode =
  | "token_malformed"
  | "token_too_large"
  | "token_version_unsupported"
  | "token_alg_refused"
  | "token_key_refused"
  | "token_signature_invalid"
  | "token_untrusted_issuer"
  | "token_expired"
  | "token_not_yet_valid"
  | "chain_depth_exceeded"
  | "chain_link_broken"
  | "chain_widened"
  | "principal_changed"
  | "audience_mismatch"
  | "agent_unknown"
  | "revoked";

/** Codes of a caller who could not show that the chain is theirs, for this call, now. */
export type ProofErrorCode =
  | "proof_missing"
  | "proof_nonce_required"
  | "proof_invalid"
  | "proof_replayed"
  | "proof_arguments_mismatch"
  | "subject_mismatch";

/** Codes of a call that the grants of the chain do not cover, or whose arguments cannot be judged at all. */
export type GrantErrorCode =
  | "arguments_malformed"
  | "method_unguarded"
  | "grant_tool_missing"
  | "grant_argument_refused";

/** Codes of the policy decision and of what it needs. */
export type DecisionErrorCode =
  | "context_unavailable"
  | "policy_denied"
  | "delegation_denied"
  | "policy_unavailable"
  | "policy_inconclusive"
  | "approval_required";

/** Codes of what must be remembered or written down. */
export type StateErrorCode = "audit_unavailable" | "state_unavailable";

/** Codes of a set-up that cannot work; thrown before anything is served. */
export type StartErrorCode = "pdp_missing" | "pdp_start_failed" | "policy_invalid" | "config_invalid";

const START_CODES: ReadonlySet<ErrorCode> = new Set<StartErrorCode>([
  "pdp_missing",
  "pdp_start_failed",
  "policy_invalid",
  "config_invalid",
]);

/** What goes wrong at the start speaks of one's own files and options; everything else may quote a stranger. */
function isStartErrorCode(code: ErrorCode): boolean {
  return START_CODES.has(code);
}

/** What a {@link HopwiseError} can carry besides its text. Never a token, a key or an argument's value. */
export interface ErrorDetail {
  /** JSON pointer (RFC 6901) to the offending place, in the token's payload or in the arguments. */
  readonly pointer?: string | undefined;
  /** The rule that was broken, in the words of the specification. */
  readonly rule?: string | undefined;
  /** Index of the hop it was found at; 0 is the user. */
  readonly hop?: number | undefined;
  /** What a policy gave as its reason. */
  readonly reason?: string | undefined;
  /** What the next proof must name; only with `proof_nonce_required`. */
  readonly nonce?: string | undefined;
  /** What would pass in its place. */
  readonly wouldPass?: WouldPass | undefined;
  readonly cause?: unknown;
}

/** What would pass in the place of what was refused, as far as the chain itself tells. */
export interface WouldPass {
  /** What was handed over for the refused argument, in words. */
  readonly accepts?: string;
  /** The nearest hop to which this very call was handed over: who could hand it on. Hop 0 is the user, who has it all. */
  readonly grantableBy?: number;
}

/**
 * The one error class of Hopwise. `code` is for programs, `message` says what is wrong, where, and what to do.
 *
 * No secret, token or key is ever part of an error.
 */
export class HopwiseError extends Error {
  override readonly name = "HopwiseError";
  readonly code: ErrorCode;
  readonly pointer: string | undefined;
  readonly rule: string | undefined;
  readonly hop: number | undefined;
  readonly reason: string | undefined;
  readonly nonce: string | undefined;
  readonly wouldPass: WouldPass | undefined;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(
      isStartErrorCode(code) ? message : plainText(message),
      detail.cause === undefined ? undefined : { cause: detail.cause },
    );
    this.code = code;
    this.pointer = detail.pointer;
    this.rule = detail.rule;
    this.hop = detail.hop;
    this.reason = detail.reason;
    this.nonce = detail.nonce;
    this.wouldPass = detail.wouldPass;
  }
}
