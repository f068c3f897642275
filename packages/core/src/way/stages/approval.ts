import type { Resource } from "@cerbos/core";
import type { ApprovedCall } from "../../audit/index.ts";
import { sha256 } from "../../crypto/index.ts";
import type { HopVerdict } from "../../decision/index.ts";
import { HopwiseError } from "../../errors.ts";
import { canonicalJson, type JsonObject } from "../../json/index.ts";
import { secondsBy } from "../../options/index.ts";
import type { Hop } from "../../principal/index.ts";
import { ARGUMENTS, type ToolEntry } from "../../resource/index.ts";
import type { Obligations } from "../../result/index.ts";
import { type Charge, type NewRequest, ownerOf } from "../../state/index.ts";
import { type ApprovalRequest, hashOfRequest } from "../../token/index.ts";
import { countAnswers } from "../approvals/count-answers.ts";
import { type AskedApproval, requestText } from "../approvals/kept-request.ts";
import { findRequest, type KnownRequest, knownOf } from "../approvals/known-request.ts";
import { requestId } from "../approvals/request-id.ts";
import type { CountedAnswer } from "../approvals/shown-approval.ts";
import { stateNow, stateOf } from "../approvals/state-of.ts";
import type { ApprovalStores } from "../approvals/stores.ts";
import { approvalUse } from "../approvals/use.ts";
import type { EnforcementPoint } from "../options.ts";
import { askStore } from "./state.ts";
import type { OpenedChain } from "./token.ts";

/** A call that the policies allow once people have approved it. */
export interface ApprovableCall {
  readonly caller: OpenedChain;
  readonly tool: string;
  readonly received: JsonObject;
  readonly parsed: JsonObject | undefined;
  readonly resource: Resource;
  readonly entry: ToolEntry;
  readonly hops: readonly Hop[];
  readonly obligations: Obligations;
  /** The policies' answers, of which one asks for the approval. */
  readonly verdicts: readonly HopVerdict[];
  /** The request that the caller says was approved. It is believed nothing but the name. */
  readonly named: string | undefined;
  readonly invocation: string;
}

/** Whether the call may be made, as far as approvals go. */
export type ApprovalFound =
  /** It was approved: what its one use costs. Or it needs no approval. */
  | { readonly waits: undefined; readonly charges: readonly Charge[]; readonly approved?: ApprovedCall }
  /** It waits for people, who were asked just now or before. */
  | { readonly waits: AskedApproval; readonly isNew: boolean };

export const NO_APPROVAL: ApprovalFound = { waits: undefined, charges: [] };

/**
 * Finds the approval of a call that policies want approved, or asks for one. The call is described anew from what it is now, with what was loaded now; the
 * answers that are kept must be of just that. Nothing else of the store, of the caller or of a message is believed.
 *
 * @returns whether it may be made; or the refusal: `approval_denied`, `approval_void`, `approval_limit`, and `approval_required` where
 *   nobody is asked
 * @throws {HopwiseError} `state_unavailable`, `attributes_invalid`, or where the policies cannot be asked about an approver
 */
export async function findApproval(
  call: ApprovableCall,
  point: EnforcementPoint,
): Promise<ApprovalFound | HopwiseError> {
  const { approval: reason = "" } = call.obligations;
  const { approvals, spending } = point.state;
  if (approvals === undefined || spending === undefined) {
    return unapproved(call, reason, ", and this state keeps no requests for approvals");
  }
  const stores = { approvals, spending };
  // In shadow mode the call does not wait, so nobody is asked, and no request kept.
  const isLet = point.shadow.lets(call.tool, "approval_required");
  const asked = await describe(call, reason, point);
  const named = call.named === undefined ? undefined : await findRequest(call.named, stores, point);
  if (named !== undefined) {
    const current = await asOf(named.kept, asked);
    const waiting = isLet ? unapproved(call, reason) : { waits: named.kept, isNew: false };
    if (current.hash === named.kept.hash) return judgeNamed(current, named, waiting, point);
    const refusal = await refuseVoid(current, named.kept);
    if (refusal !== undefined) return refusal;
  }
  return isLet ? unapproved(call, reason) : joinOrAsk(asked, call, stores, point);
}

/** The caller says which request was approved: what became of that one is what it gets. */
async function judgeNamed(
  current: AskedApproval,
  { kept, answers }: KnownRequest,
  waiting: ApprovalFound | HopwiseError,
  point: EnforcementPoint,
): Promise<ApprovalFound | HopwiseError> {
  const counted = await countAnswers(current, answers, point);
  const state = stateOf(current, counted);
  if (state === "denied") return new HopwiseError("approval_denied", "somebody who may approve the call said no");
  return state === "approved" ? approvedBy(kept, counted) : waiting;
}

/**
 * The same call may have been asked for already, by an earlier loop or another instance. It waits with that request, so that
 * people are asked once, and runs once they have said yes. One that was used, or refused, is over.
 */
async function joinOrAsk(
  asked: AskedApproval,
  call: ApprovableCall,
  stores: ApprovalStores,
  point: EnforcementPoint,
): Promise<ApprovalFound | HopwiseError> {
  const name = await hashOfRequest({ ...asked.request, untilSeconds: 0 });
  const latest = await askStore("the call waits already", () => stores.approvals.latest(name));
  const known = latest && knownOf(latest, stores, point);
  if (known !== undefined) {
    const current = await asOf(known.kept, asked);
    const counted = await countAnswers(current, known.answers, point);
    const state = current.hash === known.kept.hash && (await stateNow(current, counted, stores.spending));
    if (state === "waiting") return { waits: known.kept, isNew: false };
    if (state === "approved") return approvedBy(known.kept, counted);
  }
  return askAnew(asked, { call: name, ...(latest && { after: latest.id }) }, call, stores, point);
}

function approvedBy(kept: AskedApproval, counted: readonly CountedAnswer[]): ApprovalFound {
  const by = counted.map(({ approver, answeredAtSeconds }) => ({ approver, answeredAtSeconds }));
  return { waits: undefined, charges: approvalUse(kept), approved: { request: kept.id, by } };
}

/** The call as it is now, until the time that the kept request names: only then both can have one hash. */
async function asOf({ id, request }: AskedApproval, asked: AskedApproval): Promise<AskedApproval> {
  const sameTime = { ...asked.request, untilSeconds: request.untilSeconds };
  return { ...asked, id, request: sameTime, hash: await hashOfRequest(sameTime) };
}

function unapproved({ verdicts }: ApprovableCall, reason: string, why = ""): HopwiseError {
  const { id, hop } = verdicts.find(({ obligations }) => obligations?.approval === reason) as HopVerdict;
  const message = `policy allows this to "${id}" once a person has approved it${why}`;
  return new HopwiseError("approval_required", message, { hop, reason });
}

/** The call as an approver is shown it, and as it must still be when it is made. */
async function describe(call: ApprovableCall, reason: string, point: EnforcementPoint): Promise<AskedApproval> {
  const { caller, tool, received, parsed = received, resource, entry, obligations, hops } = call;
  const now = secondsBy(point.clock);
  const request: ApprovalRequest = {
    audience: caller.audience,
    tool,
    argumentsHash: { received: await sha256(canonicalJson(received)), parsed: await sha256(canonicalJson(parsed)) },
    resource: { kind: resource.kind, id: resource.id, attributes: shownOf(resource, entry) },
    user: caller.user,
    agents: (caller.chain?.links ?? []).map(({ agent: name, key }) => ({ name, key })),
    reason,
    approvers: obligations.approvers ?? 1,
    untilSeconds: Math.floor(now) + point.approvalRules.withinSeconds,
  };
  const names = entry.keepInRecord ?? [];
  const asked = {
    id: requestId(),
    request,
    invocation: call.invocation,
    askedAtSeconds: now,
    user: hops[0]?.id ?? caller.user.subject,
    arguments: Object.fromEntries(names.flatMap((name) => (Object.hasOwn(parsed, name) ? [[name, parsed[name]]] : []))),
    ...(caller.chain !== undefined && { chain: caller.chain.id }),
  };
  try {
    return { ...asked, hash: await hashOfRequest(request) } as AskedApproval;
  } catch (cause) {
    const message = `the resource's attributes cannot be shown to an approver: name those that should be, in showToApprovers of the tool map's entry "${tool}"`;
    throw new HopwiseError("attributes_invalid", message, { cause });
  }
}

/** The attributes of a resource, but for the arguments, whose hashes say all. */
function shownOf({ attr = {} }: Resource, { showToApprovers, argumentsAs = ARGUMENTS }: ToolEntry): JsonObject {
  const shown = Object.entries(attr).filter(
    ([name]) => name !== argumentsAs && (showToApprovers === undefined || showToApprovers.includes(name)),
  );
  return Object.fromEntries(shown) as JsonObject;
}

/** The same arguments were sent, and the tool's own schema made something else of them: that it may do each time. */
async function refuseVoid(current: AskedApproval, kept: AskedApproval): Promise<HopwiseError | undefined> {
  const { argumentsHash } = kept.request;
  if (current.request.argumentsHash.received !== argumentsHash.received) return undefined;
  const asBefore = await hashOfRequest({ ...current.request, argumentsHash });
  if (asBefore !== kept.hash) return undefined;
  const message = "the tool's own schema made something else of the same arguments than when approval was asked for";
  return new HopwiseError("approval_void", `${message}, so no approval can be of the call`);
}

async function askAnew(
  asked: AskedApproval,
  of: Pick<NewRequest, "call" | "after">,
  { caller }: ApprovableCall,
  stores: ApprovalStores,
  point: EnforcementPoint,
): Promise<ApprovalFound | HopwiseError> {
  const { approvals, spending } = stores;
  const { withinSeconds, maxWaiting, approvers, warnOfNobody } = point.approvalRules;
  if (approvers.length === 0 && !point.trust.some((anchor) => anchor.approvals === true)) warnOfNobody();
  const nowSeconds = secondsBy(point.clock);
  const begin = Math.floor(nowSeconds / withinSeconds) * withinSeconds;
  const room: Charge = {
    account: `asks ${JSON.stringify([caller.chain?.id ?? "", withinSeconds, begin])}`,
    counter: "requests",
    amount: 1,
    most: maxWaiting,
    untilSeconds: begin + withinSeconds + 30,
  };
  const reservation = { id: asked.id, owner: ownerOf(caller.user), charges: [room], nowSeconds };
  const reserved = await askStore("more requests may wait", () => spending.reserve(reservation));
  if (reserved.outcome !== "reserved") {
    return new HopwiseError(
      "approval_limit",
      `${maxWaiting} requests of this chain wait, or did within the last ${withinSeconds} s`,
    );
  }
  const text = requestText(asked);
  const { untilSeconds } = asked.request;
  const id = await askStore("the request was kept", () =>
    approvals.keep({ ...of, id: asked.id, text, untilSeconds, nowSeconds }),
  );
  if (id === asked.id) return { waits: asked, isNew: true };
  // Somebody asked for the same call at the same moment.
  await askStore("one request less waits", () => spending.settle(reservation, "nothing_happened"));
  const first = await findRequest(id, stores, point);
  if (first !== undefined) return { waits: first.kept, isNew: false };
  throw new HopwiseError("state_unavailable", "the request that waits for the same call cannot be found");
}
