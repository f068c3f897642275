import type { Denied, ListItem } from "../decision/index.ts";
import { type HopwiseError, isRefusal } from "../errors.ts";
import { listEntry, placeEntry, type ToolEntry, toolEntry } from "../resource/index.ts";
import type { Continuation, Listed, Listing } from "./call.ts";
import type { CallLog } from "./call-log.ts";
import { inTime } from "./in-time.ts";
import { lookAgain } from "./look-again.ts";
import type { EnforcementPoint } from "./options.ts";
import { knowHops } from "./stages/context.ts";
import { couldBeCovered, type KnownCaller, refuseWithout } from "./stages/grant.ts";
import { askWhatIsShown } from "./stages/policy.ts";

/**
 * The law's other tails, for what is no call: a list, of which each item is judged as the call that it offers; and a call
 * that the enforcement point does not serve.
 */
export async function endOtherwise(
  next: Exclude<Continuation, { as: "call" }>,
  holder: KnownCaller,
  tool: string,
  point: EnforcementPoint,
  log: CallLog,
): Promise<Listing | Denied> {
  if (next.as === "refusal") {
    if (next.hidden === undefined) return log.deny(next.refusal);
    // What the refusal says of a tool is for those who may see the tool.
    const shown = await whatIsShown([{ tool }], holder, tool, point, log);
    if (isRefusal(shown)) return log.deny(shown);
    return log.deny(shown[0] === true ? next.refusal : next.hidden);
  }
  const shown = await whatIsShown(next.items, holder, tool, point, log);
  if (isRefusal(shown)) return log.deny(shown);
  log.note({ shown: { items: shown.filter(Boolean).length, of: shown.length } });
  const decision = await log.allow();
  return decision.outcome === "denied" ? decision : { outcome: "listed", shown };
}

type UnplacedItem = Omit<ListItem, "entry"> & { readonly entry: ToolEntry };

async function whatIsShown(
  items: readonly Listed[],
  admitted: KnownCaller,
  operation: string,
  point: EnforcementPoint,
  log: CallLog,
): Promise<readonly boolean[] | HopwiseError> {
  const holder = await log.stage("state", () => lookAgain(admitted, operation, point));
  if (isRefusal(holder)) return holder;
  const covered = items.map((item) => {
    const { tool, arguments: known = {} } = item;
    const entry = couldBeCovered(holder, item) ? toolEntry(point.tools, tool) : undefined;
    return entry && { tool, entry, known };
  });
  // The list itself may be ruled on, too: then it is one more item, and without it there is nothing to show.
  const entry = listEntry(point.tools, operation);
  const whole = entry && { tool: operation, entry, known: {} };
  const candidates = [...covered, whole].filter((item) => item !== undefined);
  const { issuer: tenant } = holder.caller.user;
  const context = await log.stage("context", () =>
    Promise.all([
      knowHops(holder, point, log.note, { tool: operation, arguments: Object.freeze({}), tenant }),
      placeItems(candidates, tenant, point),
    ]),
  );
  if (isRefusal(context)) return context;
  const [known, placed] = context;
  const asked = { caller: holder.caller, known, invocation: log.id };
  const answers = await log.stage("policy", (watch) => askWhatIsShown(asked, placed, point, watch));
  if (isRefusal(answers)) return answers;
  const still = await log.stage("state", () => lookAgain(holder, operation, point));
  if (isRefusal(still)) return still;
  const open = new Set(candidates.filter((_, i) => answers[i]));
  const isOpen = whole === undefined || open.has(whole);
  return covered.map(
    (item) => isOpen && item !== undefined && open.has(item) && refuseWithout(still.agents, item.tool) === undefined,
  );
}

/** The items with the scope and version of their policies, as far as these are known before there is a call. */
function placeItems(
  items: readonly UnplacedItem[],
  tenant: string,
  { deadlineMs }: EnforcementPoint,
): Promise<readonly ListItem[]> {
  return inTime(deadlineMs, "context_unavailable", "a function of the tool map", () =>
    Promise.all(
      items.map(async ({ tool, entry, known }) => {
        const placed = await placeEntry(entry, { tool, arguments: Object.freeze({ ...known }), tenant });
        return { tool, entry: placed, known };
      }),
    ),
  );
}
