import type { ApprovalStore, SpendingStore } from "../../state/index.ts";

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
