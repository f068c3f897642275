import { HopwiseError } from "../errors.ts";
import { hiddenInName, plainName } from "../lib/index.ts";
import { checkSourceNames } from "../source/index.ts";
import { isOperation, toolNameProblem } from "../token/index.ts";
import type { ListedAs, ToolEntry, ToolMap } from "./tool-entry.ts";
import { isUriTemplate, readUriTemplate, type UriTemplate } from "./uri-template.ts";

/** The entry of a list itself, beside its items, where the map has one: `mcp:tools/list`. */
export function listEntry(tools: ToolMap, operation: string): ToolEntry | undefined {
  return Object.hasOwn(tools, operation) ? tools[operation] : undefined;
}

/** The resources and prompts of an MCP server, where a tool map does not say otherwise. */
const MCP_ENTRIES: ToolMap = {
  "mcp:resources/read": { kind: "mcp_resource", action: "read", id: "uri" },
  "mcp:prompts/get": { kind: "mcp_prompt", action: "get", id: "name" },
};

/** The operation of MCP by which resources are read. */
export const RESOURCES = "mcp:resources/read";
/** The operation of MCP by which a prompt is had. */
export const PROMPTS = "mcp:prompts/get";
/** The attribute that holds the arguments, unless an entry says otherwise. */
export const ARGUMENTS = "args";

/** @throws {HopwiseError} `config_invalid` for a name that a tool may not have, or an entry that cannot be right */
export function checkToolMap(tools: ToolMap): void {
  if (uriTemplatesOf(tools).length > 0 && Object.hasOwn(tools, RESOURCES)) {
    throw new HopwiseError(
      "config_invalid",
      `tools: "${RESOURCES}" stands beside templates of URIs; a resource that they do not name would pass by it, so name all of them, or none`,
    );
  }
  const called = new Set(
    Object.values({ ...MCP_ENTRIES, ...tools }).map(({ kind, action }) => JSON.stringify([kind, action])),
  );
  for (const [name, entry] of Object.entries(tools)) {
    const problem = isOperation(name) ? undefined : (toolNameProblem(name) ?? hiddenInName(name));
    if (problem !== undefined)
      throw new HopwiseError("config_invalid", `tools: "${plainName(name)}" cannot be a tool's name: ${problem}`);
    // Schemas exempt a listing action: as the action of a call, it would let arguments pass that no schema checked.
    const { kind, list } = entry;
    if (typeof list === "string" && called.has(JSON.stringify([kind, list]))) {
      throw new HopwiseError(
        "config_invalid",
        `tools: "${name}" needs a listing action of its own, which is that of no call of the kind "${kind}"`,
      );
    }
    checkFilter(name, entry);
    checkSourceNames(`tools.${name}.sources`, entry.sources, entry.argumentsAs ?? ARGUMENTS);
  }
}

/**
 * Checks that a tool to be guarded has an allowed name and an entry in the map.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export function checkMapped(tools: ToolMap, name: string): void {
  const problem = isUriTemplate(name) ? "it is a URI" : (toolNameProblem(name) ?? hiddenInName(name));
  if (problem !== undefined) {
    throw new HopwiseError("config_invalid", `a tool may not be called "${plainName(name)}": ${problem}`);
  }
  if (toolEntry(tools, name) === undefined) {
    throw new HopwiseError(
      "config_invalid",
      `the tool map has no entry for "${name}": say which resource and action it is, or give "*" an entry`,
    );
  }
}

/**
 * @param called the function that was called
 * @throws {HopwiseError} `config_invalid` for a tool that gives no rows
 */
export function checkGivesRows(tools: ToolMap, called: string, name: string): void {
  const entry = toolEntry(tools, name);
  // Of a tool without an entry the way itself says so.
  if (entry === undefined || entry.filter !== undefined) return;
  throw new HopwiseError(
    "config_invalid",
    `${called}: the tool map does not say that "${name}" gives rows; give its entry a filter, such as { arguments: {} }, or ask by authorize`,
  );
}

/**
 * The readers of its entries that are templates of URIs. Made once for a map: a list of a thousand resources asks each of a
 * thousand templates.
 */
export function uriTemplatesOf(tools: ToolMap): readonly UriTemplate[] {
  let readers = READERS.get(tools);
  if (readers === undefined) {
    readers = Object.keys(tools).filter(isUriTemplate).map(readUriTemplate);
    READERS.set(tools, readers);
  }
  return readers;
}

const READERS = new WeakMap<ToolMap, readonly UriTemplate[]>();

/** The entry of a tool. Undefined where it has none: then policies cannot be asked, and the call is refused. */
export function toolEntry(tools: ToolMap, tool: string): ToolEntry | undefined {
  // A name that none may have stands for no tool, nor for all of them.
  if (tool === "" || isUriTemplate(tool)) return undefined;
  if (Object.hasOwn(tools, tool)) return tools[tool];
  if (Object.hasOwn(MCP_ENTRIES, tool)) return MCP_ENTRIES[tool];
  return tool.startsWith("mcp:") ? undefined : tools["*"];
}

/** Whether the map names a tool one by one: not by `"*"`, and no operation of MCP or resource. */
export function isNamed(tools: ToolMap, tool: string): boolean {
  return tool !== "*" && Object.hasOwn(tools, tool) && !tool.startsWith("mcp:") && !isUriTemplate(tool);
}

/** Whether the map itself says what an operation of MCP is, and does not leave it to the defaults. */
export function hasOwnEntry(tools: ToolMap, operation: string): boolean {
  return Object.hasOwn(tools, operation) || (operation === RESOURCES && uriTemplatesOf(tools).length > 0);
}

/** The action that policies are asked about. */
export function actionOf({ action }: ToolEntry, tool: string): string {
  return typeof action === "string" ? action : action(tool);
}

/** What policies are asked about an item of a list; undefined for one that is planned. */
export function listedAs({ list }: Pick<ToolEntry, "list">, tool: string): ListedAs | undefined {
  return typeof list === "string" ? { action: list } : list?.(tool);
}

/** A tool that gives rows is asked about rows, which bring their ids and attributes themselves. */
function checkFilter(name: string, { filter, id, attributes, sources }: ToolEntry): void {
  if (filter === undefined) return;
  const beside = Object.entries({ id, attributes, sources }).find(([, value]) => value !== undefined)?.[0];
  if (beside !== undefined) {
    throw new HopwiseError(
      "config_invalid",
      `tools: "${name}" gives rows (filter), which bring their own ids and attributes; leave out ${beside}`,
    );
  }
  if (name === "*" || name.startsWith("mcp:") || isUriTemplate(name)) {
    throw new HopwiseError("config_invalid", `tools: "${name}" stands for no one tool, so it cannot have a filter`);
  }
}
