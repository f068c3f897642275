/**
 * What must be remembered between calls? For authors of a store.
 *
 * @packageDocumentation
 */
export {
  type MemoryReplayOptions,
  type MemoryRevocations,
  memoryReplay,
  memoryRevocations,
  type ReplayStore,
  type RevocationQuery,
  type RevocationStore,
  type RevocationTarget,
  type State,
} from "../state/index.ts";
export { createNonces, type Nonces, type NoncesOptions } from "../token/index.ts";
