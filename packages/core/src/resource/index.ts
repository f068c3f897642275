/** What does a call act on? By the tool map, loaded once for all hops. */

export { type CerbosFastmcpOptions, cerbosFastmcpNaming } from "./cerbos-fastmcp-naming.ts";
export type { FilterRule } from "./filter-rule.ts";
export { loadResource } from "./load-resource.ts";
export { refuseLongUri } from "./long-uri.ts";
export { mapTool, type ToolSchema, type TypedEntry } from "./map-tool.ts";
export { mayBeUnwritten, refuseMisnamed } from "./named-arguments.ts";
export { isNormalUri } from "./normal-uri.ts";
export { type InputSchema, ownArguments } from "./own-arguments.ts";
export { type PlacedEntry, placeEntry } from "./place-entry.ts";
export { type ResourceKey, type ResourceSourceOptions, resourceAttributesFrom } from "./resource-sources.ts";
export { findTarget, isSameReading, type Target, targetOf } from "./target.ts";
export { type ListedAs, type ResourceQuery, TOOL_MAP, type ToolEntry, type ToolMap } from "./tool-entry.ts";
export {
  ARGUMENTS,
  actionOf,
  checkGivesRows,
  checkMapped,
  checkToolMap,
  hasOwnEntry,
  isNamed,
  listEntry,
  listedAs,
  toolEntry,
} from "./tool-map.ts";
export type { MatchedUri, ReadUri } from "./uri-template.ts";
