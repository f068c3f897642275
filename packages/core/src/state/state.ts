import { type MemoryReplayOptions, memoryReplay, type ReplayStore } from "./replay.ts";
import { type MemoryRevocations, memoryRevocations, type RevocationStore } from "./revocation.ts";

/** The stores that an authorizer keeps between calls. */
export interface State {
  readonly replay: ReplayStore;
  readonly revocations: RevocationStore;
}

/** State in memory, for one process. Two authorizers with the same audience must share it. */
export function memoryState(options: MemoryReplayOptions = {}): State & { readonly revocations: MemoryRevocations } {
  return { replay: memoryReplay(options), revocations: memoryRevocations(options.clock) };
}
