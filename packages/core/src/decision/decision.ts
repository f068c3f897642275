import type { DenialCode, Stage } from "../codes.ts";
import type { Refusal } from "../errors.ts";
import type { Filter } from "../filter/index.ts";
import type { JsonObject } from "../json/index.ts";
import type { Hop } from "../principal/index.ts";
import type { MatchedUri } from "../resource/index.ts";
import type { Obligations } from "../result/index.ts";
import type { ContextOrigin } from "../source/index.ts";
import type { Budget, ChainId, Subject } from "../token/index.ts";
import type { HopVerdict } from "./check-hops.ts";

/**
 * The answer to one call. Denials are values; only a mistake of the programmer throws. Take it by its `outcome`, in a
 * `switch` without a default: then an outcome that is new does not compile until it is dealt with.
 */
export type Decision = Allowed | Denied | Pending;

/** The members of every answer. */
export interface Decided {
  /** Names this invocation: in the audit record, in Cerbos' annotations, in an error to the caller. */
  readonly invocation: string;
  /** When it was decided: ISO 8601, UTC. */
  readonly time: string;
  readonly tool: string;
  /** The call as policies were asked about it; undefined where they were not asked. */
  readonly asked?: Asked;
  /**
   * The chain, once it verified; hop 0 is the user. Undefined where the call was stopped before its hops were known.
   */
  readonly chain?: ChainView;
  /** The policies' answers, hop by hop; empty where they were not asked. */
  readonly verdicts: readonly HopVerdict[];
  /** Where each source's attributes came from; undefined where none was asked. */
  readonly context?: readonly ContextOrigin[];
  /** Milliseconds by stage, and in all. */
  readonly timings: Timings;
}

/** A call in the words of policies. It omits the resource's id, which may be an argument. */
export interface Asked {
  readonly kind: string;
  readonly action: string;
  readonly scope?: string;
  readonly policyVersion?: string;
}

/** Who acts for whom. */
export interface ChainView {
  /** H(root); undefined for a user without agents. */
  readonly id?: ChainId;
  readonly issuer: string;
  /** The user as their issuer names them, where `hops` has another id, which only the directory could tell. */
  readonly subject?: string;
  readonly hops: readonly Hop[];
  /** What the caller, and whoever it hands on to, may spend in all, where there is a bound. */
  readonly budget?: Budget;
  /** The chain is genuine, and nobody showed to be its holder: whoever called may only have seen it. */
  readonly unverified?: true;
}

/** For whom an allowed call runs, in words that its tool may have: nothing here can be used to call. Deeply frozen. */
export interface CallerView {
  /** The user: as their issuer names them, and by the id that policies see (`request.principal.id`). */
  readonly user: Subject & { readonly id: string };
  /** The agents between the user and the call, by name; the last one calls. Empty where the user does. */
  readonly agents: readonly string[];
  /** The user and the agents, as decisions and records name them. */
  readonly hops: readonly Hop[];
  /** H(root), which names the chain in records; undefined for a user without agents. */
  readonly chain: ChainId | undefined;
  /** Whose users they are: the user's issuer. */
  readonly tenant: string;
}

export type Timings = { readonly [stage in Stage | "total"]?: number };

export interface Allowed extends Decided {
  readonly outcome: "allowed";
  /** The arguments that were checked, deeply frozen. What runs must be this object. */
  readonly arguments: JsonObject;
  /**
   * For whom the tool runs. An adapter gives it to the tool while the call runs, and no longer. Of a call that ran without a
   * valid chain (`shadow: "everything"`) reading it throws: "nobody" might be taken for "everybody".
   */
  readonly caller?: CallerView;
  /** The changes that the result needs before it is shown: see `fulfil`. */
  readonly obligations?: Obligations;
  /**
   * For a tool that gives rows (`filter` in the tool map): which ones it may show. It was not decided about any one of them,
   * so a result to which this was not applied may not be shown.
   */
  readonly filter?: Filter;
  /** What is left of the chain's budget, of what this call counted against: the least of all tokens. */
  readonly left?: BudgetLeft;
  /** Shadow mode alone let the call run: it was refused, and the refusal was not enforced. See docs/shadow.md. */
  readonly enforced?: false;
  /** The refusal that would have ended the call: the first one, where there were several. */
  readonly shadow?: Shadowed;
  /**
   * Nobody showed a key for the call, so that no durable record has it: it is counted as a stranger's. Only with
   * `shadow: "everything"`. Reading `caller` then throws.
   */
  readonly unverified?: true;
  /** The arguments are the tool map's projection: the tool runs with the value that the projection was made from. */
  readonly projected?: true;
  /**
   * For a resource of MCP, where the tool map goes by URIs: the template that stands for its URI, and the values that were
   * decided on. Its handler must get these, and no others.
   */
  readonly uri?: MatchedUri;
}

/** The refusal of a call that shadow mode let run. */
export interface Shadowed extends Omit<Refusal<DenialCode>, "nonce"> {
  readonly stage: Stage;
}

export interface Denied extends Decided, Refusal<DenialCode> {
  readonly outcome: "denied";
  readonly stage: Stage;
  /** Whether the same call may be allowed later, without a wider grant or policy. */
  readonly retryable: boolean;
}

/**
 * People must approve the call first. Nothing runs. The agent makes the same call again later, and may name the
 * request (`approval`); it is then decided anew, by the chain as it is then.
 */
export interface Pending extends Decided {
  readonly outcome: "pending";
  readonly approval: WaitingApproval;
}

/** What a call waits for. */
export interface WaitingApproval {
  /** The request's id, in the inbox. The call may name it, to be told what became of this one. */
  readonly request: string;
  /** Why, by the policy. */
  readonly reason: string;
  /** How many different people must approve. */
  readonly approvers: number;
  /** Until when the approved call may be made, in seconds since the epoch. */
  readonly untilSeconds: number;
}

/** What is left of a budget, in its own units. Of what a call did not count against, nothing is said. */
export interface BudgetLeft {
  readonly id: string;
  readonly calls?: number;
  /** By tool, as the tokens of the chain name it, then by argument. */
  readonly sums?: { readonly [tool: string]: { readonly [argument: string]: number } };
  /** Of a budget that begins later: when, in seconds since the epoch. No call counts before, so none is allowed. */
  readonly from?: number;
}
