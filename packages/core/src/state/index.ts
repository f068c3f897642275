/** What must be remembered between calls? Small interfaces; in memory here, in a shared store elsewhere. */
export { type MemoryStateOptions, memoryState, type ReplayStore, type State } from "./replay.ts";
