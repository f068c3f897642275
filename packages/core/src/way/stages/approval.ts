import type { ApprovedCall, OtherRequest } from "../../audit/index.ts";
import type { HopVerdict } from "../../decision/index.ts";
import { HopwiseError, isRefusal } from "../../errors.ts";
import { persistently } from "../../lib/index.ts";
import { type Charge, ownerOf, type Reservation, type SpendingStore } from "../../state/index.ts";
import { hashOfRequest } from "../../token/index.ts";
import { changedSince } from "../approvals/changed-since.ts";
import { type ApprovableCall, asOf, describeCall, sentIn } from "../approvals/describe-call.ts";
import {
  type AskedApproval,
  type CountedAnswer,
  type KnownRequest,
  readKnown,
  requestText,
} from "../approvals/kept-request.ts";
import { type ApprovalStores, findRequest, knownOf } from "../approvals/known-request.ts";
import { becameOf } from "../approvals/state-of.ts";
import { approvalUse } from "../approvals/use.ts";
import type { EnforcementPoint } from "../options.ts";
import { askStore } from "./state.ts";
import type { OpenedChain } from "./token.ts";

/** Whether the call may be made, as far as approvals go. */
export type ApprovalFound =
  /** It was approved: what its one use costs. Or it needs no approval. */
  | { readonly waits: undefined; readonly charges: readonly Charge[]; readonly approved?: ApprovedCall }
  /** It waits for people, who were asked just now or before. */
  | {
      readonly waits: AskedApproval;
      readonly answers: readonly CountedAnswer[];
      /** The request that the caller named, where it was of another call. */
      readonly other?: OtherRequest;
    };

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
  const unasked = point.shadow.lets(call.tool, "approval_required") ? unapproved(call, reason) : undefined;
  const sent = sentIn(call, point);
  if (isRefusal(sent)) return sent;
  const asked = await describeCall(call, sent, reason, point);
  const named = call.named === undefined ? undefined : await findRequest(call.named, stores, point);
  const otherwise = (): Promise<ApprovalFound | HopwiseError> => joinOrAsk(asked, { ...call, unasked }, stores, point);
  if (named === undefined) return otherwise();
  const current = await asOf(named.kept, asked);
  if (current.hash === named.kept.hash) {
    return (await judgeNamed(current, named, unasked, stores, point)) ?? otherwise();
  }
  const changed = changedSince(named.kept.request, current.request);
  if (isMadeAnew(changed)) return new HopwiseError("approval_void", MADE_ANEW);
  const found = await otherwise();
  return isRefusal(found) || found.waits === undefined
    ? found
    : { ...found, other: { request: named.kept.id, changed } };
}

const MADE_ANEW =
  "the tool's own schema made something else of the same arguments than when approval was asked for, so no approval can be of the call";

/** The same arguments were sent, and the tool's own schema made something else of them: that it may do each time. */
function isMadeAnew(changed: readonly string[]): boolean {
  return changed.length === 1 && changed[0] === "/argumentsHash/parsed";
}

/**
 * The caller says which request was approved: what became of that one is what it gets, unless it lapsed.
 *
 * @param unasked the refusal where shadow mode does not wait
 */
async function judgeNamed(
  current: AskedApproval,
  named: KnownRequest,
  unasked: HopwiseError | undefined,
  stores: ApprovalStores,
  point: EnforcementPoint,
): Promise<ApprovalFound | HopwiseError | undefined> {
  const { state, counted } = await becameOf(current, named, stores, point);
  if (state === "lapsed") return undefined;
  if (state === "denied") return deniedBy(named.kept, counted);
  // Its use is refused where it was used before, with what the call spends.
  if (state !== "waiting") return approvedBy(named.kept, counted);
  return unasked ?? { waits: named.kept, answers: counted };
}

/** How many requests of one call are looked at, the newest first. */
const MOST_LOOKED_AT = 8;

/**
 * The same call may have been asked for already, by an earlier loop or another instance. It waits with that request, so that
 * people are asked once, and runs once they have said yes. One that was used, or refused, is over. But a use is given back
 * where nothing happened, and another instance may have asked anew meanwhile: so where the newest does not let the call
 * run, an approval before it may. In shadow mode an approval is used like that, too; else nobody waits, and nobody is asked.
 */
async function joinOrAsk(
  asked: AskedApproval,
  call: ApprovableCall & { readonly unasked: HopwiseError | undefined },
  stores: ApprovalStores,
  point: EnforcementPoint,
): Promise<ApprovalFound | HopwiseError> {
  const name = await hashOfRequest({ ...asked.request, untilSeconds: 0 });
  const latest = await askStore("the call waits already", () => stores.approvals.latest(name));
  let known = latest && knownOf(latest, stores, point);
  let waits: ApprovalFound | undefined;
  for (let looks = 1; known !== undefined; looks++) {
    const { kept }: KnownRequest = known;
    const current = await asOf(kept, asked);
    if (current.hash !== kept.hash) break;
    const { state, counted } = await becameOf(current, known, stores, point);
    if (state === "approved") return approvedBy(kept, counted);
    if (state === "denied") break;
    if (state === "waiting") waits ??= { waits: kept, answers: counted };
    if (kept.after === undefined || looks === MOST_LOOKED_AT) break;
    known = await findRequest(kept.after, stores, point);
  }
  if (call.unasked !== undefined) return call.unasked;
  if (waits !== undefined) return waits;
  const anew = latest === undefined ? asked : { ...(await unlike(readKnown(latest).kept, asked)), after: latest.id };
  return askAnew(anew, name, call, stores, point);
}

/**
 * An answer is of a request's hash. Two requests of one call, asked for within one second, would have the same one, and a yes to
 * the first, sent once more, would be a yes to the second.
 */
async function unlike({ request }: AskedApproval, asked: AskedApproval): Promise<AskedApproval> {
  const untilSeconds = request.untilSeconds + 1;
  if (asked.request.untilSeconds >= untilSeconds) return asked;
  return asOf({ ...asked, request: { ...asked.request, untilSeconds } }, asked);
}

function approvedBy(kept: AskedApproval, counted: readonly CountedAnswer[]): ApprovalFound {
  const by = counted.map(({ approver, answeredAtSeconds, key }) => ({ approver, answeredAtSeconds, key }));
  return { waits: undefined, charges: approvalUse(kept), approved: { request: kept.id, by } };
}

/** The store alone remembers who refused, and not for long: what the record says is there later. */
function deniedBy({ id }: AskedApproval, counted: readonly CountedAnswer[]): HopwiseError {
  const names = counted.flatMap(({ answer, approver }) =>
    answer === "no" ? [`${approver.subject} of ${approver.issuer}`] : [],
  );
  // Whoever lost the right to answer since has ended the request all the same, and is not told.
  const who = names.length === 0 ? "" : `: ${names.join(", ")}`;
  return new HopwiseError("approval_denied", `somebody who may approve the call said no${who} (request ${id})`);
}

function unapproved({ verdicts }: ApprovableCall, reason: string, why = ""): HopwiseError {
  const { id, hop } = verdicts.find(({ obligations }) => obligations?.approval === reason) as HopVerdict;
  const message = `policy allows this to "${id}" once a person has approved it${why}`;
  return new HopwiseError("approval_required", message, { hop, reason });
}

async function askAnew(
  asked: AskedApproval,
  call: string,
  { caller }: ApprovableCall,
  stores: ApprovalStores,
  point: EnforcementPoint,
): Promise<ApprovalFound | HopwiseError> {
  const { approvals, spending } = stores;
  if (!point.trust.some((anchor) => anchor.approvals === true))
    point.approvalRules.warnOfTooFew(asked.request.approvers);
  const room = roomFor(asked, caller, point);
  const giveRoom = (): unknown =>
    askStore("one request less waits", () =>
      spending.settle({ ...room, nowSeconds: point.nowSeconds() }, "nothing_happened"),
    );
  const full = await takeRoom(room, spending, point).catch((error: unknown) => {
    // Its answer alone may be lost.
    persistently(giveRoom);
    throw error;
  });
  if (full !== undefined) return full;
  const { nowSeconds } = room;
  const { id: own, after, request } = asked;
  const of = { call, ...(after !== undefined && { after }), untilSeconds: request.untilSeconds };
  const keep = (): string | Promise<string> => approvals.keep({ ...of, id: own, text: requestText(asked), nowSeconds });
  const id = await askStore("the request was kept", keep).catch((error: unknown) => {
    // Its answer alone may be lost.
    persistently(async () => (await approvals.find(asked.id)) === undefined && giveRoom());
    throw error;
  });
  if (id === asked.id) return { waits: asked, answers: [] };
  // Somebody asked for the same call at the same moment.
  await giveRoom();
  const first = await findRequest(id, stores, point);
  if (first !== undefined) return { waits: first.kept, answers: [] };
  throw new HopwiseError("state_unavailable", "the request that waits for the same call cannot be found");
}

/** An inbox lists 1,000: one user with ever new chains must not keep what others wait for from being seen. */
const MOST_OF_USER = 200;

/** One request more of its chain, and of its user, in the span of time that it is made in. */
function roomFor({ id }: AskedApproval, { chain, user }: OpenedChain, point: EnforcementPoint): Reservation {
  const { withinSeconds, maxWaiting } = point.approvalRules;
  const nowSeconds = point.nowSeconds();
  const begin = Math.floor(nowSeconds / withinSeconds) * withinSeconds;
  const room = { amount: 1, untilSeconds: begin + withinSeconds + 30 };
  const span = JSON.stringify([withinSeconds, begin]);
  const charges: readonly Charge[] = [
    {
      ...room,
      account: `asks ${JSON.stringify([chain?.id ?? "", withinSeconds, begin])}`,
      counter: "requests",
      most: maxWaiting,
    },
    { ...room, account: `asks of user ${span}`, counter: "requests", most: Math.max(MOST_OF_USER, maxWaiting) },
  ];
  return { id, owner: ownerOf(user), charges, nowSeconds };
}

async function takeRoom(
  room: Reservation,
  spending: SpendingStore,
  { approvalRules: { withinSeconds } }: EnforcementPoint,
): Promise<HopwiseError | undefined> {
  const took = await askStore("more requests may wait", () => spending.reserve(room));
  if (took.outcome === "reserved") return undefined;
  if (took.outcome === "withdrawn") {
    throw new HopwiseError("state_unavailable", "the store was too late with the room for one more request");
  }
  const { most } = room.charges[took.charge] as Charge;
  const whose = took.charge === 0 ? "this chain" : "this user, by all chains,";
  return new HopwiseError(
    "approval_limit",
    `${most} requests of ${whose} wait, or did within the last ${withinSeconds} s`,
  );
}
