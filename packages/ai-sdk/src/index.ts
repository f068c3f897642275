/**
 * Authorizes the tools of a Vercel AI SDK agent loop under a delegation chain.
 *
 * @packageDocumentation
 */
export { type AnyTool, type AuthorizeToolsOptions, authorizeTools, ToolDenied } from "./authorize-tools.ts";
