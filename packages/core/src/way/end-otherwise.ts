import { rowOf } from "../codes.ts";
import type { Denied, ListItem } from "../decision/index.ts";
import { HopwiseError, isRefusal } from "../errors.ts";
import { eachInTime } from "../options/index.ts";
import { findTarget, listEntry, placeEntry, type ResourceQuery, type Target } from "../resource/index.ts";
import { isOperation } from "../token/index.ts";
import type { Continuation, HiddenItem, Listed, Listing } from "./call.ts";
import type { CallLog } from "./call-log.ts";
import { lookAgain, lookAtAgents } from "./look-again.ts";
import type { EnforcementPoint } from "./options.ts";
import { knowHops, looksDenied } from "./stages/context.ts";
import { hiddenByAgents, hiddenByGrant, type KnownCaller } from "./stages/grant.ts";
import { askWhatIsShown, orOutage } from "./stages/policy.ts";

/**
 * The law's other tails, for what is no call: a list, of which each item is judged as the call that it offers; and a call
 * that the enforcement point does not serve, or that is none.
 */
export async function endOtherwise(
  next: Continuation,
  holder: KnownCaller,
  tool: string,
  point: EnforcementPoint,
  log: CallLog,
): Promise<Listing | Denied> {
  // No grant is held against a list: each of its items is, and there are none.
  if (next.as === "call") return log.deny(asCall(tool));
  if (next.as === "refusal") return refuseAsShown(next.refusal, holder, tool, point, log);
  const { items } = next;
  const hidden = await whatIsHidden(items, holder, tool, point, log);
  if (isRefusal(hidden)) return denyUnasked(hidden, point, log);
  const shown = hidden.map((why) => !isEnforced(why));
  log.note({
    shown: { items: shown.filter(Boolean).length, of: shown.length },
    hidden: items.flatMap(({ tool, name = tool }, i) => (hidden[i] === undefined ? [] : [{ ...hidden[i], name }])),
  });
  const decision = await log.allow();
  return decision.outcome === "denied" ? decision : { outcome: "listed", shown };
}

/** A list that is asked for like a call. */
export function asCall(tool: string): HopwiseError {
  return new HopwiseError("method_unguarded", `"${tool}" is a list, which is asked for by its items`);
}

type UnplacedItem = Omit<ListItem, "entry"> & Pick<Target, "entry" | "named">;

/**
 * Ends a call that was refused before a policy was asked: what the refusal says of a tool is for those who may see the
 * tool. Others get what they get of a tool that is not there, after the same questions, so that an outage tells them
 * nothing either.
 */
export async function refuseAsShown(
  refusal: HopwiseError,
  holder: KnownCaller,
  tool: string,
  point: EnforcementPoint,
  log: CallLog,
): Promise<Denied> {
  // An operation that every server of MCP has is no secret.
  if (rowOf(refusal.code).tellsOfTool !== true || isOperation(tool)) return denyUnasked(refusal, point, log);
  const hidden = await whatIsHidden([{ tool }], holder, tool, point, log);
  if (isRefusal(hidden)) return denyUnasked(hidden, point, log);
  const [why] = hidden;
  if (!isEnforced(why) || looksDenied(refusal)) return denyUnasked(refusal, point, log);
  const message = `the caller may not see "${tool}", and is not told that ${refusal.code}: ${refusal.message}`;
  return denyUnasked(new HopwiseError("tool_hidden", message, { hop: 0 }), point, log);
}

/**
 * Ends a call for which the tool map has no entry. Who the hops are is asked all the same: else an outage of a directory would
 * show, as long as it lasts, which tools and resources there are.
 */
export async function denyUnmapped(
  refusal: HopwiseError,
  holder: KnownCaller,
  tool: string,
  point: EnforcementPoint,
  log: CallLog,
): Promise<Denied> {
  if (!looksDenied(refusal)) return log.deny(refusal);
  const known = await log.stage("context", () => knowHops(holder, point, log.note, withoutArguments(holder, tool)));
  return denyUnasked(isRefusal(known) && !looksDenied(known) ? known : refusal, point, log);
}

/** Ends what was refused before the policies were asked, also where it looks as if they had denied it. */
async function denyUnasked(refusal: HopwiseError, point: EnforcementPoint, log: CallLog): Promise<Denied> {
  if (!looksDenied(refusal)) return log.deny(refusal);
  return log.deny(await log.stage("policy", (watch) => orOutage(refusal, log.id, point, watch)));
}

/** What hides each item; undefined for one that is shown. */
async function whatIsHidden(
  items: readonly Listed[],
  admitted: KnownCaller,
  operation: string,
  point: EnforcementPoint,
  log: CallLog,
): Promise<readonly (HiddenItem | undefined)[] | HopwiseError> {
  const holder = await log.stage("agents", () => lookAtAgents(admitted, operation, point));
  if (isRefusal(holder)) return holder;
  const found = items.map((item) => beforePolicies(item, holder, point));
  // The list itself may be ruled on, too: then it is one more item, and without it there is nothing to show.
  const entry = listEntry(point.tools, operation);
  const whole = entry && { tool: operation, named: operation, entry, known: {} };
  const candidates = [...found.map((item) => ("entry" in item ? item : undefined)), whole].filter(
    (item) => item !== undefined,
  );
  const query = withoutArguments(holder, operation);
  const context = await log.stage("context", () =>
    Promise.all([knowHops(holder, point, log.note, query), placeItems(candidates, query.tenant, point)]),
  );
  if (isRefusal(context)) return context;
  const [known, placed] = context;
  const asked = { caller: holder.caller, known, invocation: log.id };
  const answers = await log.stage("policy", (watch) => askWhatIsShown(asked, placed, point, watch));
  if (isRefusal(answers)) return answers;
  const still = await log.stage("state", () => lookAgain(holder, operation, point));
  if (isRefusal(still)) return still;
  const byPolicy = new Map(candidates.map((item, i) => [item, answers[i]]));
  const closed = whole && byPolicy.get(whole);
  return found.map((item, i) => {
    const isAsked = "entry" in item;
    if (!isAsked && isEnforced(item)) return item;
    const { tool } = items[i] as Listed;
    const reasons = [
      noted(hiddenByAgents(still.agents, tool), tool, point),
      noted(closed, operation, point),
      isAsked ? noted(byPolicy.get(item), tool, point) : item,
    ].filter((why) => why !== undefined);
    return reasons.find(isEnforced) ?? reasons[0];
  });
}

/** What sources are asked with where nothing is known of a call but its tool. */
function withoutArguments({ caller }: KnownCaller, tool: string): ResourceQuery {
  return { tool, arguments: Object.freeze({}), tenant: caller.user.issuer };
}

/** What hides an item, or would where shadow mode shows it. */
function noted(
  why: HiddenItem | undefined,
  tool: string,
  { shadow }: Pick<EnforcementPoint, "shadow">,
): HiddenItem | undefined {
  return why !== undefined && shadow.lets(tool, why.code) ? { ...why, enforced: false } : why;
}

function isEnforced(why: HiddenItem | undefined): boolean {
  return why !== undefined && why.enforced !== false;
}

/** What hides an item whatever policies say; else the question to them. */
function beforePolicies(item: Listed, holder: KnownCaller, point: EnforcementPoint): HiddenItem | UnplacedItem {
  const { tool, arguments: known = {}, template } = item;
  if (item.hidden !== undefined) return { code: item.hidden };
  const hidden = noted(hiddenByGrant(holder, item, point), tool, point);
  if (isEnforced(hidden)) return hidden as HiddenItem;
  const target = findTarget(point.tools, tool, known, template);
  if (target === undefined) return { code: "tool_unmapped", hop: 0 };
  const { entry, named, arguments: values, id } = target;
  return hidden ?? { tool, entry, named, known: values, id };
}

/** The items with the scope and version of their policies, as far as these are known before there is a call. */
function placeItems(
  items: readonly UnplacedItem[],
  tenant: string,
  { deadlineMs }: EnforcementPoint,
): Promise<readonly ListItem[]> {
  return eachInTime(deadlineMs, "context_unavailable", "a function of the tool map", (wait) =>
    Promise.all(
      items.map(async ({ entry, named, ...item }) => {
        const { tool, known } = item;
        const query = { tool, arguments: Object.freeze({ ...known }), tenant };
        return { ...item, entry: await placeEntry(entry, query, wait, named) };
      }),
    ),
  );
}
