/** What does a call act on? A tool and its arguments become one Cerbos resource and one action. */
export { checkToolMap, loadResource, type ToolEntry, type ToolMap, toolEntry } from "./tool-map.ts";
