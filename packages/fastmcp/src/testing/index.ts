/**
 * Real FastMCP servers behind the guard for tests, with clients that carry a chain. Companies and policies for them come
 * from `@hopwise/core/testing`. Needs `@modelcontextprotocol/sdk`.
 *
 * @packageDocumentation
 */
export type { ClientOptions, GuardingAuthorizer } from "./clients.ts";
export { freePort } from "./free-port.ts";
export { type GuardedServer, type GuardedServerOptions, guardedServer } from "./guarded-server.ts";
export type { StubTool } from "./stub-tool.ts";
export type { ToolAnswer } from "./tool-answer.ts";
