/**
 * MCP under a delegation chain: the guard in front of a server's transport, and the client side that carries the chain
 * and a proof for each request.
 *
 * @packageDocumentation
 */
export type { CallerView as Caller } from "@hopwise/core/adapter";
export { caller, currentFilter, nothingHappened, type RunningCall } from "@hopwise/core/running";
export { type CarriedCall, type CarryOptions, carryingFetch, carryOver } from "./carry/index.ts";
export {
  createGuardedTools,
  type GuardedTools,
  type GuardOptions,
  guardTransport,
  type MayChangeByTool,
  type RequestScope,
  SHARED_GUARD_ROWS,
  type SharedGuardOptions,
} from "./guard/index.ts";
export {
  type DenialData,
  type JsonRpcMessage,
  type McpTransport,
  META_APPROVAL,
  META_DENIAL,
  META_LEFT,
  META_LIMITED,
  META_MAY_CHANGE,
  META_PENDING,
  META_REDACTED,
  type MessageExtra,
  type PendingData,
  PROBE_METHOD,
  pendingIn,
  type ToolDenial,
  TRANSPORT,
} from "./protocol/index.ts";
