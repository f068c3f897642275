import { ownerOf, type SpendingStore } from "../../state/index.ts";
import { askStore } from "../stages/state.ts";
import type { AskedApproval } from "./kept-request.ts";
import type { CountedAnswer, ShownApproval } from "./shown-approval.ts";
import { endCounters } from "./use.ts";

/** What became of a request by the answers that count. */
export function stateOf(
  { request }: AskedApproval,
  counted: readonly CountedAnswer[],
): Exclude<ShownApproval["state"], "used"> {
  if (counted.some(({ answer }) => answer === "no")) return "denied";
  return counted.length >= request.approvers ? "approved" : "waiting";
}

/** The same, and whether its one call was made. @throws {HopwiseError} `state_unavailable` */
export async function stateNow(
  asked: AskedApproval,
  counted: readonly CountedAnswer[],
  spending: SpendingStore,
): Promise<ShownApproval["state"]> {
  const owner = ownerOf(asked.request.user);
  const [used = 0, no = 0] = await askStore("it was used", () => spending.spent(owner, endCounters(asked)));
  if (used > 0) return "used";
  // A no that was kept has ended it, whatever became of the rights of who said it.
  return no > 0 ? "denied" : stateOf(asked, counted);
}
