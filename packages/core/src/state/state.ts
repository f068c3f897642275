import { optionsOf } from "../options/index.ts";
import { MEMORY_ROWS, type MemoryReplayOptions, memoryReplay, type ReplayStore } from "./replay.ts";
import { type MemoryRevocations, memoryRevocations, type RevocationStore } from "./revocation.ts";

/** The stores that an authorizer keeps between calls. */
export interface State {
  readonly replay: ReplayStore;
  readonly revocations: RevocationStore;
}

const readOptions = optionsOf<MemoryReplayOptions>("memoryState", MEMORY_ROWS);

/**
 * State in memory, for one process. Two authorizers with the same audience must share it.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export function memoryState(given: MemoryReplayOptions = {}): State & { readonly revocations: MemoryRevocations } {
  const options = readOptions(given);
  return { replay: memoryReplay(options), revocations: memoryRevocations(options.clock) };
}
