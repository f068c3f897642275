/** What does a call act on? By the tool map, loaded once for all hops. */
export { actionOf, loadResource } from "./load-resource.ts";
export { type ResourceKey, type ResourceSourceOptions, resourceAttributesFrom } from "./resource-sources.ts";
export { checkToolMap, type ResourceQuery, type ToolEntry, type ToolMap, toolEntry } from "./tool-map.ts";
