import { secondsBy } from "../../options/index.ts";
import type { KeptRequest } from "../../state/index.ts";
import type { EnforcementPoint } from "../options.ts";
import { askStore } from "../stages/state.ts";
import { type KnownRequest, readKnown } from "./kept-request.ts";
import { type ApprovalStores, vouchedSince } from "./stores.ts";

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
  { clock }: EnforcementPoint,
): KnownRequest | undefined {
  const known = readKnown(found);
  return isVouched(known, stores) && known.kept.request.untilSeconds > secondsBy(clock) ? known : undefined;
}
