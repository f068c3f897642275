import type { ApprovalStore, KeptRequest, SpendingStore } from "../../state/index.ts";
import type { EnforcementPoint } from "../options.ts";
import { askStore } from "../stages/state.ts";
import { type KnownRequest, readKnown } from "./kept-request.ts";

/** What approvals stand on: requests and answers in the one, their single use in the other. */
export interface ApprovalStores {
  readonly approvals: ApprovalStore;
  readonly spending: SpendingStore;
}

/** Since when neither can have forgotten a request, nor that it was used; in seconds since the epoch. */
export function vouchedSince({ approvals, spending }: ApprovalStores): number {
  const [kept, used] = [approvals.notBefore, spending.notBefore];
  return Math.max(kept ?? Number.NEGATIVE_INFINITY, used ?? Number.NEGATIVE_INFINITY);
}

/** One whose use may have been forgotten is no request any more. */
export function isVouched({ kept }: KnownRequest, stores: ApprovalStores): boolean {
  return kept.askedAtSeconds >= vouchedSince(stores);
}

/** A request by which a call may be made: the store can vouch for it, and it did not lapse. @throws {HopwiseError} `state_unavailable` */
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
  { nowSeconds }: EnforcementPoint,
): KnownRequest | undefined {
  const known = readKnown(found);
  return isVouched(known, stores) && known.kept.request.untilSeconds > nowSeconds() ? known : undefined;
}
