/**
 * What must be remembered between calls? For authors of a store.
 *
 * @packageDocumentation
 */
export {
  type ApprovalStore,
  type Charge,
  type ClaimAbout,
  type Health,
  isRevoked,
  type KeptAnswer,
  type KeptRequest,
  type LogEntry,
  type LogPage,
  type MemoryReplayOptions,
  type MemoryRevocations,
  memoryReplay,
  memoryRevocations,
  type ReplayStore,
  type Reservation,
  type Reserved,
  type Revocation,
  type RevocationKind,
  type RevocationLog,
  type RevocationQuery,
  type RevocationStore,
  type RevocationTarget,
  readRevocation,
  revocationKey,
  revocationKeys,
  type SpendingStore,
  type State,
  type StateDriver,
  stricterOf,
} from "../state/index.ts";
export { createNonces, type Nonces, type NoncesOptions, type NonceTimes } from "../token/index.ts";
