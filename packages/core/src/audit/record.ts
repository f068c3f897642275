import type { DenialCode, ErrorCode, Stage } from "../codes.ts";
import type {
  Asked,
  BudgetLeft,
  ChainView,
  ExpressionFailure,
  HopVerdict,
  Shadowed,
  Timings,
  WaitingApproval,
} from "../decision/index.ts";
import type { Refusal } from "../errors.ts";
import type { AppliedCondition } from "../filter/index.ts";
import type { JsonObject } from "../json/index.ts";
import type { Health } from "../lib/index.ts";
import type { Obligations } from "../result/index.ts";
import type { ContextOrigin } from "../source/index.ts";
import type { ChainId, Provenance, Subject, Thumbprint, TokenHash } from "../token/index.ts";

/**
 * The decision about one call, for whom, and why. Holds no token and no key; of the arguments only their hash; of the
 * grants everything that they say of the called tool, with its values.
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
  /** The call in the words of policies; undefined where the policies were not asked. */
  readonly asked?: Asked;
  /** SHA-256 of the canonical JSON of the arguments as received, and as parsed by the tool's schema. */
  readonly argumentsHash: { readonly received: string; readonly parsed?: string };
  /** Those arguments that the tool map says to keep; by default none. */
  readonly arguments?: JsonObject;
  /** Of those to keep, the names of the ones that are not, since they are longer than a record may be. */
  readonly argumentsTooLong?: readonly string[];
  /** Which sources gave attributes, and how old these were. */
  readonly context?: readonly ContextOrigin[];
  readonly outcome: "allowed" | "denied" | "pending";
  /** Of a call that waits: for which request. */
  readonly approval?: WaitingApproval;
  /** Of a call that waits anew, though its caller named a request: why that one was not of this call. */
  readonly other?: OtherRequest;
  /** Of a call that people approved: who, and by which request. */
  readonly approved?: ApprovedCall;
  /** What is left of the chain's budget, of what the call counted against. */
  readonly left?: BudgetLeft;
  /** Shadow mode alone let the call run: `shadow` says what would have happened. */
  readonly enforced?: false;
  /** Of a call that shadow mode alone let run: the refusal that would have ended it. */
  readonly shadow?: Shadowed;
  /** Of a denial: the stage that stopped the call. */
  readonly stage?: Stage;
  /** The changes that the result had to get; those that were made are in the outcome. */
  readonly obligations?: Obligations;
  readonly verdicts: readonly HopVerdict[];
  /** Which version of Cerbos answered, where the authorizer was told. */
  readonly pdp?: { readonly version: string };
  /** For a list: how many items were shown, of how many. */
  readonly shown?: { readonly items: number; readonly of: number };
  /** For a tool that gives rows: the condition that these had to fulfil. How many went out is in the outcome. */
  readonly rows?: AppliedCondition;
  /** For a list: what was not shown, and why; of a long list the first hundred. */
  readonly hidden?: readonly HiddenItems[];
  readonly timings: Timings;
}

/** A request for an approval of which the caller said that the call is the one. */
export interface OtherRequest {
  /** The request's id. */
  readonly request: string;
  /** What is not as it was: up to twenty JSON pointers into the request, such as `/resource/attributes/region`. */
  readonly changed: readonly string[];
}

/** Who approved a call. */
export interface ApprovedCall {
  /** The request's id. */
  readonly request: string;
  readonly by: readonly {
    readonly approver: Subject;
    readonly answeredAtSeconds: number;
    /** The thumbprint of the key that signed: of a key that leaked, it says which answers were by it. */
    readonly key: string;
  }[];
}

/** Items of a list that were not shown, all for the same reason; or would not have been, without shadow mode. */
export interface HiddenItems {
  readonly code: DenialCode;
  readonly stage: Stage;
  /** The first hop that stood in the way. */
  readonly hop?: number;
  /** Shadow mode showed them all the same. */
  readonly enforced?: false;
  /** With `policy_denied`: what the policies were asked about these items. */
  readonly asked?: Asked;
  /** The roles of that hop, with which they were asked; in the first group of a hop that has `asked`. */
  readonly roles?: readonly string[];
  /** Expressions of policies that could not be evaluated at that hop while the list was decided, for whichever item. */
  readonly failures?: readonly ExpressionFailure[];
  /** Tools by their names, prompts too, resources by their URIs. */
  readonly items: readonly string[];
}

/** What one token handed over, without the token itself. */
export interface TokenRecord {
  /** H(t): revocation and `par_hash` name the token by it. */
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
  /** What it handed over of the called tool, in words; undefined where it did not. */
  readonly handed?: string;
  /** Of the root: which login stood behind it, where its issuer says. */
  readonly login?: Provenance;
}

/** How an allowed call ended. A call without this record never reported an end: it was cut off, or killed. */
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
   * `returned`: the answer was handed to the transport; whether it was received, only the caller knows. `withdrawn`: the
   * caller left before the answer, as far as the transport tells. `refused`: the call did not run, since writing the decision failed
   * or took too long; the decision may stand on record all the same.
   */
  readonly outcome: "returned" | "failed" | "withdrawn" | "refused";
  /** SHA-256 of the canonical JSON of what the tool returned, before anything was taken out of it. */
  readonly resultHash?: string;
  /** The policies' JSON pointers at which something was taken out of the result. */
  readonly redacted?: readonly string[];
  /**
   * Nothing of the result was shown: it could not be changed as the policies oblige to; or it is of a tool that gives rows, and
   * these were not checked (`code`).
   */
  readonly withheld?: true;
  /** Of a tool that gives rows, where none may be shown by Hopwise's word: why, such as `filter_unsupported`. */
  readonly code?: ErrorCode;
  readonly message?: string;
  /**
   * Of a tool that gives rows: how many passed the second check, and how many more were left out; how many of those without a
   * question, since one cannot hold them (`tooLarge`) or they do not fit their table (`unfit`), and how many since they could not
   * be changed as the policies oblige to (`unfulfilled`): each left out for none.
   */
  readonly rows?: {
    readonly shown: number;
    readonly leftOut: number;
    readonly tooLarge?: number;
    readonly unfit?: number;
    readonly unfulfilled?: number;
  };
  /** By the tool's own word, nothing happened, and what the call took from a budget was given back. */
  readonly nothingHappened?: true;
  /** From the decision to the outcome, in milliseconds. */
  readonly durationMs: number;
}

/**
 * A call that was refused before its caller proved to be the holder of a chain; or ran all the same, in shadow mode. The caller is unknown, so the call is
 * counted and sampled, never written durably: otherwise garbage could fill the disk.
 */
export interface UnverifiedAttempt {
  readonly invocation: string;
  readonly time: string;
  readonly audience: string;
  readonly tool: string;
  readonly code: DenialCode;
  /** For operators: what is wrong, where, and what to do. */
  readonly message: string;
  /** Where in the chain, in a token or in the arguments, and by which rule, as far as that is known. */
  readonly hop?: number;
  readonly pointer?: string;
  readonly rule?: string;
  /** The chain that the caller presented, where it verified but the caller did not prove to be its holder. */
  readonly chainId?: ChainId;
  /** Shadow mode let the call run all the same (`shadow: "everything"`). */
  readonly enforced?: false;
  /** Of such a call: whom that chain names, without a proof that it was them. */
  readonly chain?: ChainView;
}

/** Where decisions are written. An allowed call does not run before `record` returned. */
export interface AuditSink {
  /**
   * `false`: it shows decisions to people or to a program, and keeps none. It is told of each decision as it stands in the
   * end: of an allowed call once all that keep it have its record, and of the denial that a call became whose record could not
   * be written. What it throws stops no call.
   *
   * @defaultValue it keeps them
   */
  readonly keeps?: false;
  /** Throws or rejects where it cannot write: then the call is denied with `audit_unavailable`. */
  record(record: DecisionRecord): void | Promise<void>;
  /** How an allowed call ended. The tool has run by then, so a failure here denies nothing. */
  outcome?(record: OutcomeRecord): void | Promise<void>;
  /** Never blocks and never throws into a call. */
  unverified?(attempt: UnverifiedAttempt): void;
  /** Whether it could write a record just now, and why not. Left out: it says nothing of itself. */
  health?(): Health | Promise<Health>;
}
