/**
 * MCP under a delegation chain: the guard in front of a server's transport, and the client side that carries the chain
 * and a proof for each request.
 *
 * @packageDocumentation
 */
export { type CarryOptions, carryingFetch, carryOver } from "./carry.ts";
export { decideTool, type ToolDecision } from "./decide-tool.ts";
export { type DenialData, META_DENIAL } from "./denial.ts";
export { type GuardOptions, guardTransport } from "./guard-transport.ts";
export type { RequestScope } from "./in-flight.ts";
export type { JsonRpcMessage, McpTransport, MessageExtra } from "./jsonrpc.ts";
