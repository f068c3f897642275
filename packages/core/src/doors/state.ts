/**
 * What must be remembered between calls? For authors of a store.
 *
 * @packageDocumentation
 */
export {
  isRevoked,
  type MemoryReplayOptions,
  type MemoryRevocations,
  memoryReplay,
  memoryRevocations,
  type ReplayStore,
  type Revocation,
  type RevocationKind,
  type RevocationQuery,
  type RevocationStore,
  type RevocationTarget,
  readRevocation,
  revocationKey,
  revocationKeys,
  type State,
  stricterOf,
} from "../state/index.ts";
export { createNonces, type Nonces, type NoncesOptions, type NonceTimes } from "../token/index.ts";
