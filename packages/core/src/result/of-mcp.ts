import { isJsonObject, type JsonObject, type JsonValue } from "../json/index.ts";
import { type Rule, rulesAt, takingOut } from "./rules.ts";

/** The parts of a tool's answer, as all versions of MCP have them: the member that each must have, then those that it may have. */
const PARTS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ["text", ["text"]],
  ["image", ["data", "mimeType"]],
  ["audio", ["data", "mimeType"]],
  ["resource", ["resource"]],
  ["resource_link", ["uri", "name", "title", "description", "mimeType", "size", "icons"]],
]);
const OF_EVERY_PART: readonly string[] = ["type", "annotations", "_meta"];
const OF_A_RESOURCE: readonly string[] = ["uri", "name", "title", "mimeType", "text", "blob", "_meta"];

interface List {
  /** Whether this can stand in it, in an answer that has these members of its own. */
  readonly isItem: (item: JsonObject, own: readonly string[]) => boolean;
  /** The members that MCP gives it. */
  readonly membersOf: (item: JsonObject) => readonly string[];
}

/** The lists in which answers of MCP say all that they say: of a tool, a resource, a prompt. */
const LISTS: { readonly [list: string]: List } = {
  content: {
    // A type that is not known yet, too, where nothing else makes it a document of somebody's own. With a role it is a message of
    // a chat, whose texts are its own words.
    isItem: (item, own) =>
      own.length === 0 ? typeof item["type"] === "string" : isPart(item) && !own.includes("role"),
    membersOf: ({ type }) => [...OF_EVERY_PART, ...(PARTS.get(type) ?? [])],
  },
  contents: {
    isItem: (item) =>
      [item["text"], item["blob"]].some((body) => typeof body === "string") &&
      typeof item["uri"] === "string" &&
      Object.keys(item).every((name) => OF_A_RESOURCE.includes(name)),
    membersOf: () => OF_A_RESOURCE,
  },
  messages: {
    isItem: ({ role, content }) => typeof role === "string" && isPart(content),
    membersOf: () => ["role", "content", "_meta"],
  },
};
const OTHERS: readonly string[] = ["structuredContent", "isError", "resultType", "_meta"];

/**
 * The list of an answer of MCP, as its clients hand it on, that a policy's pointers would leave as it is. Pointers are about
 * what the tool says: here that stands in texts, where they find nothing. A server may put more beside, and newer versions of
 * MCP do: so no other member makes such an answer something else, but for one that the policies name, there or in an item.
 *
 * @param rules those that lead here
 * @returns undefined for any other value, and where the policies take that list out
 */
export function listOfMcp(value: JsonValue, rules: readonly Rule[], depth: number): string | undefined {
  if (rules.length === 0 || !isJsonObject(value)) return undefined;
  const own = Object.keys(value).filter((name) => !Object.hasOwn(LISTS, name) && !OTHERS.includes(name));
  if (own.some((name) => isNamed(name, rules, depth))) return undefined;
  return Object.keys(LISTS).find((list) => {
    const { isItem, membersOf } = LISTS[list] as List;
    const given = Object.hasOwn(value, list) ? value[list] : undefined;
    const items = Array.isArray(given) ? given.filter(isJsonObject) : [];
    const further = rulesAt(rules, depth, list);
    if (takingOut(further, depth + 1).length > 0 || !items.some((item) => isItem(item, own))) return false;
    return !items.some((item) =>
      Object.keys(item).some((name) => isNamed(name, further, depth + 2) && !membersOf(item).includes(name)),
    );
  });
}

function isPart(value: JsonValue | undefined): boolean {
  if (!isJsonObject(value ?? null)) return false;
  const part = value as JsonObject;
  const [needed] = PARTS.get(part["type"]) ?? [];
  return needed !== undefined && Object.hasOwn(part, needed);
}

function isNamed(name: string, rules: readonly Rule[], depth: number): boolean {
  return rules.some(({ steps }) => steps[depth] === name);
}
