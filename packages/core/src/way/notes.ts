import type { ApprovedCall, HiddenOne, OtherRequest } from "../audit/index.ts";
import { type DenialCode, rowOf, type Stage } from "../codes.ts";
import type {
  Allowed,
  Asked,
  CallerView,
  ChainView,
  Decided,
  Denied,
  HopVerdict,
  Pending,
  Shadowed,
} from "../decision/index.ts";
import { type HopwiseError, refusalOf } from "../errors.ts";
import type { AppliedCondition, Filter } from "../filter/index.ts";
import type { JsonObject } from "../json/index.ts";
import { defined } from "../lib/index.ts";
import { type Hop, hopsOf, type UserIds } from "../principal/index.ts";
import type { MatchedUri } from "../resource/index.ts";
import { changesResults, type Obligations } from "../result/index.ts";
import type { ContextOrigin } from "../source/index.ts";
import type { AskedApproval } from "./approvals/kept-request.ts";
import type { Caller } from "./call.ts";
import type { EnforcementPoint } from "./options.ts";
import { noCaller } from "./shadow.ts";
import type { Taken } from "./stages/spending.ts";

/** What is known of one call so far. Only the law writes it down. */
export interface Notes {
  readonly received: JsonObject;
  readonly parsed?: JsonObject;
  readonly caller?: Caller;
  /** The name of this enforcement point by which it was called; it may have several. */
  readonly calledAt?: string;
  /** Whether a caller showed to be the holder, or the user; before that, a denial belongs to no one who is known. */
  readonly verified: boolean;
  /** The hops by the ids that policies see, once the directory was asked. */
  readonly hops?: readonly Hop[];
  /** Whether the directory calls the user otherwise than can be told without it. */
  readonly hasOwnId?: boolean;
  /** Where the attributes that policies were asked with came from. */
  readonly origins: readonly ContextOrigin[];
  /** The call in the words of policies. */
  readonly asked?: Asked;
  /** The URI of a resource, as far as its kind follows from it. */
  readonly uri?: MatchedUri | undefined;
  readonly verdicts: readonly HopVerdict[];
  /** Of a tool that gives rows: which condition they had to fulfil. */
  readonly applied?: AppliedCondition;
  /** Names of the arguments that the record keeps; the others are in it as a hash. */
  readonly kept: readonly string[];
  /** For a list: how many items were shown, of how many. */
  readonly shown?: { readonly items: number; readonly of: number };
  /** For a list: what was not shown, and why. */
  readonly hidden?: readonly HiddenOne[];
  /** The request that the caller named, where it was of another call. */
  readonly other?: OtherRequest;
  /** Who approved the call, by which request. */
  readonly approved?: ApprovedCall;
  /** The first refusal that shadow mode did not enforce. */
  readonly shadow?: HopwiseError;
}

/** What an allowance says besides what every answer says. */
export interface Allowance {
  readonly projected?: boolean;
  readonly obligations?: Obligations;
  readonly filter?: Filter | undefined;
  /** What it took of budgets and rates. */
  readonly taken?: Taken | undefined;
  /** False where it is not known for whom the call runs. */
  readonly isKnown?: boolean;
}

/** What every answer to a call says, as far as it was noted. */
export function decidedOf(
  notes: Notes,
  { userIds }: Pick<EnforcementPoint, "userIds">,
  call: Pick<Decided, "invocation" | "time" | "tool" | "timings">,
): Decided {
  const { asked, verdicts, origins } = notes;
  return {
    ...call,
    verdicts,
    ...defined({ asked, chain: viewOf(notes, userIds) }),
    ...(origins.length > 0 && { context: origins }),
  };
}

export function deniedOf(decided: Decided, refusal: HopwiseError): Denied {
  const { retryable = false } = rowOf(refusal.code);
  return { ...decided, outcome: "denied", ...endedBy(refusal), retryable };
}

function endedBy(refusal: HopwiseError): Omit<Denied, keyof Decided | "outcome" | "retryable"> {
  const { stage } = rowOf(refusal.code);
  const { code, ...rest } = refusalOf(refusal);
  return { code: code as DenialCode, stage: stage as Stage, ...rest };
}

export function pendingOf(decided: Decided, { id: request, request: asked }: AskedApproval): Pending {
  const { reason, approvers, untilSeconds } = asked;
  return { ...decided, outcome: "pending", approval: { request, reason, approvers, untilSeconds } };
}

export function allowedOf(
  decided: Decided,
  { parsed, received, caller, uri, shadow, verified }: Notes,
  { projected = false, obligations, filter, taken, isKnown = true }: Allowance,
): Allowed {
  const { chain } = decided;
  return {
    ...decided,
    outcome: "allowed",
    arguments: parsed ?? received,
    ...(isKnown && caller !== undefined && chain !== undefined && { caller: callerView(caller, chain) }),
    ...(projected && { projected: true }),
    ...defined({ uri, filter, left: taken?.left }),
    ...(obligations !== undefined && changesResults(obligations) && { obligations }),
    ...(shadow !== undefined && { enforced: false, shadow: endedBy(shadow), ...(!verified && unverified(chain)) }),
  };
}

function unverified(chain: ChainView | undefined): Pick<Allowed, "unverified" | "chain"> {
  return { unverified: true, ...(chain && { chain: { ...chain, unverified: true } }) };
}

/** The same allowance. Of a call without a valid chain, whoever asks for whom it runs gets no answer that reads as "nobody". */
export function toldFor(allowed: Allowed, { isKnown = true }: Allowance): Allowed {
  if (isKnown) return allowed;
  return Object.defineProperty(allowed, "caller", {
    get: () => {
      throw noCaller((allowed.shadow as Shadowed).code);
    },
  });
}

/** Who acts for whom, by the ids that policies see, as far as they can be told before the directory was asked. */
function viewOf({ caller, hops, hasOwnId }: Notes, userIds: UserIds): ChainView | undefined {
  // Only the transport speaks for a user without agents, until the directory knows them.
  if (caller === undefined || (caller.chain === undefined && hops === undefined)) return undefined;
  const { user, chain } = caller;
  const names = chain?.links.map(({ agent }) => agent) ?? [];
  return {
    issuer: user.issuer,
    // By this a call that came as far as the directory and one that did not are known to be of one user.
    ...(hasOwnId && { subject: user.subject }),
    hops: hops ?? hopsOf({ id: userIds(undefined, user) }, names),
    ...defined({ id: chain?.id, budget: chain?.links.at(-1)?.budget }),
  };
}

/** Made anew, of texts alone: a chain and a host program's own object stay where they are. */
function callerView({ user: { issuer, subject }, chain }: Caller, { hops }: ChainView): CallerView {
  return Object.freeze({
    user: Object.freeze({ issuer, subject, id: hops[0]?.id ?? subject }),
    agents: Object.freeze(chain?.links.map(({ agent }) => agent) ?? []),
    hops: Object.freeze(hops.map(({ kind, id }) => Object.freeze({ kind, id }))),
    chain: chain?.id,
    tenant: issuer,
  });
}
