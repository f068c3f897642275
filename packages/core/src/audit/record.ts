import type { DenialCode, Stage } from "../codes.ts";
import type { Asked, ChainView, HopVerdict, Timings } from "../decision/index.ts";
import type { Refusal } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import type { Obligations } from "../result/index.ts";
import type { ContextOrigin } from "../source/index.ts";
import type { ChainId, Provenance, Thumbprint, TokenHash } from "../token/index.ts";

/**
 * What was decided about one call, for whom, and why. Holds no token, no key, and of the arguments only their hash; of
 * the grants what they say of the tool that was called, values and all.
 */
export interface DecisionRecord extends Partial<Omit<Refusal<DenialCode>, "nonce">> {
  readonly version: 1;
  readonly kind: "decision";
  /** The same as in Cerbos' annotations, so that its decision log can be joined. */
  readonly invocation: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** The enforcement point that decided. */
  readonly audience: string;
  /** How the caller showed who they are. */
  readonly via: "proof" | "session" | "user";
  readonly chain?: ChainView;
  /** Every token of the chain, root first: who was handed what, and until when. */
  readonly tokens: readonly TokenRecord[];
  readonly tool: string;
  /** The call in the words of policies; undefined where they were not asked. */
  readonly asked?: Asked;
  /** SHA-256 of the canonical JSON of the arguments as received, and as parsed by the tool's schema. */
  readonly argumentsHash: { readonly received: string; readonly parsed?: string };
  /** Those arguments that the tool map says to keep; by default none. */
  readonly arguments?: JsonObject;
  /** Where each source's attributes came from, and how old they were. */
  readonly context?: readonly ContextOrigin[];
  readonly outcome: "allowed" | "denied" | "pending";
  /** Of a denial: where on its way the call was stopped. */
  readonly stage?: Stage;
  /** What the result had to go through; what was done is in the outcome. */
  readonly obligations?: Obligations;
  readonly verdicts: readonly HopVerdict[];
  /** Which version of Cerbos answered, where the authorizer was told. */
  readonly pdp?: { readonly version: string };
  /** For a list: how many items were shown, of how many. */
  readonly shown?: { readonly items: number; readonly of: number };
  readonly timings: Timings;
}

/** What one token handed over: everything but the token. */
export interface TokenRecord {
  /** H(t), which revocation and `par_hash` name it by. */
  readonly hash: TokenHash;
  /** Its maker's own name for it. */
  readonly jti: string;
  /** The agent it was made for, and the key that agent holds. */
  readonly agent: string;
  readonly key: Thumbprint;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The tools that it handed over. */
  readonly tools: readonly string[];
  /** What it handed over of the tool that was called, in words; undefined where it did not. */
  readonly handed?: string | undefined;
  /** Of the root: which login stood behind it, where its issuer says. */
  readonly login?: Provenance;
}

/** What came of a call that was allowed. A call without one was never heard of again: cut off, or killed. */
export interface OutcomeRecord {
  readonly version: 1;
  readonly kind: "outcome";
  /** The decision's. */
  readonly invocation: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly audience: string;
  readonly tool: string;
  /**
   * `withdrawn`: its caller had left before it could be answered. `refused`: it did not run, since writing the decision
   * failed or took too long; the decision may stand on record all the same.
   */
  readonly outcome: "returned" | "failed" | "withdrawn" | "refused";
  /** SHA-256 of the canonical JSON of what the tool returned, before anything was taken out of it. */
  readonly resultHash?: string;
  /** What was taken out of the result on the policies' word: the policies' JSON pointers that found something. */
  readonly redacted?: readonly string[];
  /** The result could not be changed as the policies oblige to, so that nothing of it was shown. */
  readonly withheld?: true;
  /** From the decision to the outcome, in milliseconds. */
  readonly durationMs: number;
}

/**
 * A call that was refused before anybody had shown to be the holder of a chain. Whoever sent it is unknown, so it is
 * counted and sampled, never written durably: otherwise garbage could fill the disk.
 */
export interface UnverifiedAttempt {
  readonly invocation: string;
  readonly time: string;
  readonly audience: string;
  readonly tool: string;
  readonly code: DenialCode;
  readonly message: string;
  /** What the caller claims to be part of, where a chain verified but its holder did not show up. */
  readonly chainId?: ChainId;
}

/** Where decisions are written. An allowed call does not run before `record` returned. */
export interface AuditSink {
  /** Throws or rejects where it could not write: then the call is denied with `audit_unavailable`. */
  record(record: DecisionRecord): void | Promise<void>;
  /** What came of an allowed call. The tool has run by then, so that a failure here denies nothing. */
  outcome?(record: OutcomeRecord): void | Promise<void>;
  /** Never blocks and never throws into a call. */
  unverified?(attempt: UnverifiedAttempt): void;
}
