/**
 * What do policies get to see of a call, and under which names?
 *
 * @packageDocumentation
 */
export {
  type AttributeDescription,
  type ContextDescription,
  type ContextOptions,
  describeContext,
} from "../describe/index.ts";
export {
  type CerbosFastmcpOptions,
  cerbosFastmcpNaming,
  type ListedAs,
  type ToolSchema,
  type TypedEntry,
} from "../resource/index.ts";
