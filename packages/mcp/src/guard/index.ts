/** What may pass between a server and its callers, and what does a tool's wrapper ask before the tool runs? */
export type { MayChangeByTool } from "./announce.ts";
export type { RequestScope } from "./decide-tool.ts";
export type { GuardOptions } from "./guard.ts";
export { guardTransport } from "./guard-transport.ts";
export { createGuardedTools, type GuardedTools } from "./guarded-tools.ts";
export { SHARED_GUARD_ROWS, type SharedGuardOptions } from "./shared-options.ts";
