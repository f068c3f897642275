/** What must be remembered between calls? Small interfaces; in memory here, in a shared store elsewhere. */
export type { Health } from "../lib/index.ts";

export {
  type AcceptedRevocation,
  type AcceptOptions,
  acceptRevocations,
  type RevocationAnswer,
} from "./accept-revocations.ts";
export { answerOfStore, gaveNonsense, readNothing } from "./answer-of-store.ts";
export type { ApprovalStore, KeptAnswer, KeptRequest, NewRequest } from "./approvals.ts";
export { askHealth } from "./ask-health.ts";
export { type BudgetBound, budgetAmount, budgetBounds, budgetCharges } from "./budget-charges.ts";
export { CLOCKS_APART, checkClocks } from "./clocks.ts";
export type { StateDriver } from "./driver.ts";
export { ENDPOINT_STATUS } from "./endpoint-status.ts";
export { firstTooMuch } from "./first-too-much.ts";
export { createForgetting } from "./forgetting.ts";
export { mayBeForgotten, type ProofTimes } from "./forgotten-proofs.ts";
export { type MemoryRevocations, type MemoryState, memoryDriver, memoryRevocations, memoryState } from "./memory.ts";
export { rememberingBegan } from "./memory-began.ts";
export { ownerOf } from "./owner.ts";
export { readStep } from "./read-step.ts";
export {
  type ClaimAbout,
  isOfOneProcess,
  type MemoryReplayOptions,
  memoryReplay,
  type ReplayStore,
} from "./replay.ts";
export {
  AGENT_REVOKED,
  KEY_REVOKED,
  type RevocationQuery,
  type RevocationStore,
  type RevocationTarget,
} from "./revocation.ts";
export { type FeedOptions, type RevocationEndpointOptions, revocationEndpoint } from "./revocation-endpoint.ts";
export type { RevocationEntry, RevokedBy } from "./revocation-entry.ts";
export type { LogEntry, LogPage, RevocationLog } from "./revocation-log.ts";
export {
  isRevoked,
  type Revocation,
  type RevocationKind,
  readRevocation,
  revocationKey,
  revocationKeys,
  revocationKind,
  stricterOf,
} from "./revocation-rules.ts";
export { type FeedReaderOptions, type FeedRevocations, revocationsOverHttp } from "./revocations-over-http.ts";
export type { RevocationHow, Revocations } from "./shared-revocations.ts";
export type { Charge, Reservation, Reserved, SpendingStore } from "./spending.ts";
export { openedState, type SharedState, STATE, STATE_ROWS, type State, type StateOptions } from "./state.ts";
export { STORE_LIMITS } from "./store-limits.ts";
export { unreadable } from "./unreadable.ts";
