import { isJsonObject, type JsonObject, type JsonValue } from "../json/index.ts";
import { type Rule, rulesAt, takingOut } from "./rules.ts";

/** The parts of a tool's answer, as all versions of MCP have them. */
const PARTS: ReadonlySet<unknown> = new Set(["text", "image", "audio", "resource", "resource_link"]);
const MEMBERS_OF_RESOURCE: ReadonlySet<string> = new Set(["uri", "name", "title", "mimeType", "text", "blob", "_meta"]);

/** The lists in which answers of MCP say all that they say, and what stands in them: of a tool, a resource, a prompt. */
const LISTS: { readonly [list: string]: (item: JsonObject, isBare: boolean) => boolean } = {
  // A type that is not known yet, too, where nothing else makes it a document of somebody's own.
  content: ({ type }, isBare) => (isBare ? typeof type === "string" : PARTS.has(type)),
  contents: (item) =>
    typeof item["uri"] === "string" && Object.keys(item).every((name) => MEMBERS_OF_RESOURCE.has(name)),
  messages: ({ role, content }) =>
    typeof role === "string" && isJsonObject(content ?? null) && PARTS.has((content as JsonObject)["type"]),
};
const OTHERS: readonly string[] = ["structuredContent", "isError", "resultType", "_meta"];

/**
 * The list of an answer of MCP, as its clients hand it on, that a policy's pointers would leave as it is. Pointers are about
 * what the tool says: here that stands in texts, where they find nothing. A server may put more beside, and newer versions of
 * MCP do: so no other member makes such an answer something else, but for one that the policies name.
 *
 * @param rules those that lead here
 * @returns undefined for any other value, and where the policies take that list out
 */
export function listOfMcp(value: JsonValue, rules: readonly Rule[], depth: number): string | undefined {
  if (rules.length === 0 || !isJsonObject(value)) return undefined;
  const own = Object.keys(value).filter((name) => !Object.hasOwn(LISTS, name) && !OTHERS.includes(name));
  if (own.some((name) => rules.some(({ steps }) => steps[depth] === name))) return undefined;
  return Object.entries(LISTS)
    .filter(([list, isItem]) => {
      const items = Object.hasOwn(value, list) ? value[list] : undefined;
      return Array.isArray(items) && items.some((item) => isJsonObject(item) && isItem(item, own.length === 0));
    })
    .map(([list]) => list)
    .find((list) => takingOut(rulesAt(rules, depth, list), depth + 1).length === 0);
}
