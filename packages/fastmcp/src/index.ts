/**
 * Protects a FastMCP server with delegation chains and Cerbos policies, in one call before `start()`.
 *
 * @packageDocumentation
 */
export type { CallerView as Caller } from "@hopwise/core/adapter";
export { caller, currentFilter, nothingHappened, type RunningCall } from "@hopwise/core/running";
export { type GuardServerOptions, guard } from "./guard.ts";
