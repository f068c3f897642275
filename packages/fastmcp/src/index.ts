/**
 * Protects a FastMCP server with delegation chains and Cerbos policies, in one call before `start()`.
 *
 * @packageDocumentation
 */
export { type GuardServerOptions, guard } from "./guard.ts";
