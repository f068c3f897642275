/** What may pass between a server and its callers, and what does a tool's wrapper ask before the tool runs? */
export type { MayChangeByTool } from "./announce.ts";
export { decideTool, type RequestScope, type ToolDecision } from "./decide-tool.ts";
export type { GuardOptions } from "./guard.ts";
export { guardTransport } from "./guard-transport.ts";
