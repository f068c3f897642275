/**
 * Real FastMCP servers behind the guard for tests, with clients that carry a chain. Companies and policies for them come
 * from `@hopwise/core/testing`. Needs `@modelcontextprotocol/sdk`.
 *
 * @packageDocumentation
 */
export { freePort } from "./free-port.ts";
export {
  type ClientOptions,
  type GuardedServer,
  type GuardedServerOptions,
  type GuardingAuthorizer,
  guardedServer,
} from "./guarded-server.ts";
export type { StubTool } from "./stub-tool.ts";
export type { ToolAnswer } from "./tool-answer.ts";
