import type { Denied, Pending } from "../decision/index.ts";
import { isRefusal } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import { defined, persistently, quietly } from "../lib/index.ts";
import type { ResourceQuery, ToolEntry } from "../resource/index.ts";
import { addUp, type Obligations } from "../result/index.ts";
import { ownerOf } from "../state/index.ts";
import type { AskedApproval } from "./approvals/kept-request.ts";
import { tellingCharge } from "./approvals/use.ts";
import type { IncomingCall } from "./call.ts";
import type { CallLog } from "./call-log.ts";
import type { EnforcementPoint } from "./options.ts";
import { type ApprovalFound, findApproval, NO_APPROVAL } from "./stages/approval.ts";
import type { CallContext } from "./stages/context.ts";
import type { KnownCaller } from "./stages/grant.ts";
import type { PolicyAnswer } from "./stages/policy.ts";
import { costsNothing, refuseExhausted, type Taken, takeCosts } from "./stages/spending.ts";

/** A call that the policies allow, or shadow mode in their place. */
export interface PolicyAllowed {
  readonly call: IncomingCall;
  readonly confirmed: KnownCaller;
  readonly received: JsonObject;
  readonly parsed: JsonObject | undefined;
  readonly query: ResourceQuery;
  readonly entry: ToolEntry;
  readonly context: CallContext;
  readonly answer: PolicyAnswer;
}

/** A call that may run, as far as people and budgets go. */
export interface Due {
  readonly outcome: "due";
  readonly obligations: Obligations;
  /** What it took; undefined where it costs nothing. */
  readonly taken: Taken | undefined;
}

/**
 * After the policies, and only where there is something to do: people approved the call who must, and it takes what it costs.
 * Both before the record, and in one atomic step: two calls at once neither use one approval nor spend the same.
 */
export async function takeDue(
  of: PolicyAllowed,
  log: CallLog,
  point: EnforcementPoint,
): Promise<Due | Pending | Denied> {
  const { call, confirmed, received, parsed, query, entry, context, answer } = of;
  const { verdicts } = answer;
  const obligations = addUp(verdicts.map((verdict) => verdict.obligations));
  const common = { caller: confirmed.caller, tool: call.tool, invocation: log.id };
  const cost = { ...common, arguments: query.arguments };
  let found = NO_APPROVAL;
  if (obligations.approval !== undefined) {
    const exhausted = await log.stage("spending", () => refuseExhausted(cost, point));
    if (exhausted !== undefined && !log.lets(exhausted)) return log.deny(exhausted);
    const approvable = {
      ...common,
      received,
      parsed,
      ...(isProjected(call, entry) && { unprojected: call.arguments }),
      resource: context.resource,
      entry,
      hops: context.known.hops,
      obligations,
      verdicts,
      named: call.approval as string | undefined,
    };
    const approval = await log.stage("approval", () => findApproval(approvable, point));
    if (!isRefusal(approval)) found = approval;
    else if (!log.lets(approval)) return log.deny(approval);
  }
  if (found.waits !== undefined) {
    log.note(defined({ other: found.other }));
    return wait(found, log, point);
  }
  log.note(defined({ approved: found.approved }));
  const costs = { ...cost, approval: found.charges, lets: log.lets };
  if (costsNothing(costs, point)) return { outcome: "due", obligations, taken: undefined };
  const taken = await log.stage("spending", () => takeCosts(costs, point));
  return isRefusal(taken) ? log.deny(taken) : { outcome: "due", obligations, taken };
}

/** Whether only the tool map's projection speaks for what was sent: a session has it as the tool's schema made it. */
function isProjected({ caller, read }: IncomingCall, { projection }: ToolEntry): boolean {
  return projection !== undefined && caller.via === "session" && read === undefined;
}

/** On record first; then somebody is told: with the first record that there is, of whichever instance. */
async function wait(
  { waits: asked, answers }: Extract<ApprovalFound, { readonly waits: AskedApproval }>,
  log: CallLog,
  point: EnforcementPoint,
): Promise<Pending | Denied> {
  const pending = await log.wait(asked);
  const { onRequest } = point.approvalRules;
  if (pending.outcome === "pending" && onRequest !== undefined && (await isFirstToTell(asked, log.id, point))) {
    quietly(() => onRequest(asked.id, { ...asked, state: "waiting", answers }));
  }
  return pending;
}

/**
 * Whether nobody was told of a request yet, by any instance. Where that cannot be told, what it cost is given back: whoever
 * makes the call next may tell.
 */
async function isFirstToTell(
  asked: AskedApproval,
  invocation: string,
  { state: { spending }, nowSeconds }: EnforcementPoint,
): Promise<boolean> {
  const telling = { id: `${asked.id}.${invocation}`, owner: ownerOf(asked.request.user) };
  try {
    const charges = [tellingCharge(asked)];
    const told = await spending?.reserve({ ...telling, charges, nowSeconds: nowSeconds() });
    return told?.outcome === "reserved";
  } catch {
    persistently(() => spending?.settle({ ...telling, nowSeconds: nowSeconds() }, "nothing_happened"));
    return false;
  }
}
