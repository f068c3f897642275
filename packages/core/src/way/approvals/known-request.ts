import { secondsBy } from "../../options/index.ts";
import type { KeptRequest } from "../../state/index.ts";
import type { EnforcementPoint } from "../options.ts";
import { askStore } from "../stages/state.ts";
import { type AskedApproval, readRequest } from "./kept-request.ts";
import { type ApprovalStores, vouchedSince } from "./stores.ts";

/** A request that a store keeps, with what was answered. */
export interface KnownRequest {
  readonly kept: AskedApproval;
  readonly answers: readonly string[];
}

/** A request that the store can vouch for and that did not lapse. @throws {HopwiseError} `state_unavailable` */
export async function findRequest(
  id: string,
  stores: ApprovalStores,
  point: EnforcementPoint,
): Promise<KnownRequest | undefined> {
  const found = await askStore("the call was approved", () => stores.approvals.find(id));
  return found && knownOf(found, stores, point);
}

/** The same of one that was found already. */
export function knownOf(
  found: KeptRequest,
  stores: ApprovalStores,
  { clock }: EnforcementPoint,
): KnownRequest | undefined {
  const kept = readRequest(found);
  // One whose use may have been forgotten is no request any more.
  const isVouched = kept.askedAtSeconds >= vouchedSince(stores);
  return isVouched && kept.request.untilSeconds > secondsBy(clock) ? { kept, answers: found.answers } : undefined;
}
