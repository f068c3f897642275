import type { ChainView, DenialCode, HopVerdict, Stage, Timings } from "../decision/index.ts";
import type { ChainId, TokenHash } from "../token/index.ts";

/** What was decided about one call, for whom, and why. Holds no token, no key, and of the arguments only their hash. */
export interface DecisionRecord {
  readonly version: 1;
  /** The same as in Cerbos' annotations, so that its decision log can be joined. */
  readonly invocation: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** The enforcement point that decided. */
  readonly audience: string;
  /** How the caller showed who they are. */
  readonly via: "proof" | "session" | "user";
  readonly chain?: ChainView;
  /** H(t) of every token, root first. */
  readonly tokens: readonly TokenHash[];
  readonly tool: string;
  /** SHA-256 of the canonical JSON of the arguments as received, and as parsed by the tool's schema. */
  readonly argumentsHash: { readonly received: string; readonly parsed?: string };
  readonly outcome: "allowed" | "denied" | "pending";
  readonly code?: DenialCode;
  readonly stage?: Stage;
  readonly hop?: number;
  readonly reason?: string;
  /** JSON pointer into the arguments or the token. */
  readonly pointer?: string;
  readonly message?: string;
  readonly verdicts: readonly HopVerdict[];
  /** For a list: how many items were shown, of how many. */
  readonly shown?: { readonly items: number; readonly of: number };
  readonly timings: Timings;
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
  /** Never blocks and never throws into a call. */
  unverified?(attempt: UnverifiedAttempt): void;
}
