/** What must be remembered between calls? Small interfaces; in memory here, in a shared store elsewhere. */
export { type MemoryReplayOptions, memoryReplay, type ReplayStore } from "./replay.ts";
export {
  type MemoryRevocations,
  memoryRevocations,
  type RevocationQuery,
  type RevocationStore,
  type RevocationTarget,
} from "./revocation.ts";
export {
  isRevoked,
  type Revocation,
  type RevocationKind,
  readRevocation,
  revocationKey,
  revocationKeys,
  stricterOf,
} from "./revocation-rules.ts";
export { memoryState, type State } from "./state.ts";
