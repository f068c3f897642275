/**
 * Authorizes the tools of a Vercel AI SDK agent loop under a delegation chain.
 *
 * @packageDocumentation
 */
export type { CallerView as Caller } from "@hopwise/core/adapter";
export { caller, currentFilter, nothingHappened, type RunningCall } from "@hopwise/core/running";
export { type AuthorizeToolsOptions, authorizeTools, type Callbacks } from "./authorize-tools.ts";
export type { AnyTool } from "./read-tool.ts";
export { type ToldDenial, ToolDenied } from "./tool-denied.ts";
export { type ToldPending, ToolPending } from "./tool-pending.ts";
export type { LoopCall, NameApproval } from "./waiting-calls.ts";
