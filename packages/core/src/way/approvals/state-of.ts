import { ownerOf, type SpendingStore } from "../../state/index.ts";
import type { EnforcementPoint } from "../options.ts";
import { askStore } from "../stages/state.ts";
import { countAnswers } from "./count-answers.ts";
import type { AskedApproval, CountedAnswer, KnownRequest, ShownApproval } from "./kept-request.ts";
import type { ApprovalStores } from "./known-request.ts";
import { endCounters } from "./use.ts";

function stateOf(
  { request }: AskedApproval,
  counted: readonly CountedAnswer[],
): Exclude<ShownApproval["state"], "used"> {
  if (counted.some(({ answer }) => answer === "no")) return "denied";
  return counted.length >= request.approvers ? "approved" : "waiting";
}

/** What became of a request, by the answers that count and by its use. @throws {HopwiseError} `state_unavailable` */
export async function stateNow(
  asked: AskedApproval,
  counted: readonly CountedAnswer[],
  spending: SpendingStore,
): Promise<ShownApproval["state"]> {
  const { used, no } = await endOf(asked, spending);
  if (used > 0) return "used";
  // A no that was kept has ended it, whatever became of the rights of who said it.
  return no > 0 ? "denied" : stateOf(asked, counted);
}

/** Whether no answer changes anything any more: it was used, or a no was kept. @throws {HopwiseError} `state_unavailable` */
export async function hasEnded(asked: AskedApproval, spending: SpendingStore): Promise<boolean> {
  const { used, no } = await endOf(asked, spending);
  return used + no > 0;
}

async function endOf(
  asked: AskedApproval,
  spending: SpendingStore,
): Promise<{ readonly used: number; readonly no: number }> {
  const owner = ownerOf(asked.request.user);
  const [used = 0, no = 0] = await askStore("it was used", () => spending.spent(owner, endCounters(asked)));
  return { used, no };
}

/**
 * What became of a request that the same call was found to wait with.
 *
 * @throws {HopwiseError} where it cannot be told just now: whoever is looked up in vain may be the one who is missing
 */
export async function becameOf(
  asked: AskedApproval,
  { kept, answers }: KnownRequest,
  { spending }: ApprovalStores,
  point: EnforcementPoint,
): Promise<{ readonly state: ShownApproval["state"] | "lapsed"; readonly counted: readonly CountedAnswer[] }> {
  const { answers: counted, untold } = await countAnswers(asked, answers, point);
  const state = await stateNow(asked, counted, spending);
  if (state === "waiting" && untold !== undefined) throw untold;
  // Looked at last: all of this took time.
  const isOver = kept.request.untilSeconds <= point.nowSeconds();
  return { state: isOver ? "lapsed" : state, counted };
}
