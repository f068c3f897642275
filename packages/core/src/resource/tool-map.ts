import type { Resource } from "@cerbos/core";
import { HopwiseError } from "../errors.ts";
import { freezeJson, isJsonObject, type JsonObject } from "../json/index.ts";
import { MCP_OPERATIONS, toolNameProblem } from "../token/index.ts";

type Awaitable<T> = T | Promise<T>;

/** How a call of one tool becomes a Cerbos resource and an action. */
export interface ToolEntry {
  /** Cerbos resource kind, such as `payment`. */
  readonly kind: string;
  /** Cerbos action, such as `send`. */
  readonly action: string;
  /** The resource's id: the name of the argument that has it, or a function. Default: the tool's name. */
  readonly id?: string | ((args: JsonObject) => string);
  /**
   * What policies may know of the resource, from a source one trusts. It sees the tool and the arguments, never who
   * asks: otherwise a longer chain could be shown another resource.
   */
  readonly attributes?: (args: JsonObject) => Awaitable<JsonObject>;
  /**
   * The Cerbos action that stands for being shown in a list, such as `list` or `list:send_payment`. It is asked without
   * arguments and attributes, so the policy's resource schema must exempt it (`ignoreWhen`). Without it, a plan of
   * `action` decides what is shown; docs/lists.md says which to choose.
   */
  readonly list?: string;
  /** Cerbos scope of the resource policy. */
  readonly scope?: string;
  /** Cerbos version of the resource policy. */
  readonly policyVersion?: string;
  /**
   * For a tool whose schema gives values that JSON cannot say (dates, URLs, maps): the plain data to check and hash in
   * their place. Keep the arguments' names: grants are checked on it, too. Without it, such a call is refused.
   */
  readonly projection?: (parsed: never) => unknown;
}

/**
 * Every tool that may be asked about, by its own name. One map serves every adapter, so that one policy set governs a
 * tool wherever it is called from. `"*"` stands for tools that are not named.
 */
export interface ToolMap {
  readonly [tool: string]: ToolEntry;
}

/** The resources and prompts of an MCP server, where a tool map does not say otherwise. */
const MCP_ENTRIES: ToolMap = {
  "mcp:resources/read": { kind: "mcp_resource", action: "read", id: "uri" },
  "mcp:prompts/get": { kind: "mcp_prompt", action: "get", id: "name" },
};

const OPERATIONS: ReadonlySet<string> = new Set(MCP_OPERATIONS);
const ATTRIBUTE_LIMITS = { maxDepth: 16, maxSize: 256 * 1024 };

/** @throws {HopwiseError} `config_invalid` for a name that no tool may have, or an entry that cannot be right */
export function checkToolMap(tools: ToolMap): void {
  const called = new Set(
    Object.values({ ...MCP_ENTRIES, ...tools }).map(({ kind, action }) => JSON.stringify([kind, action])),
  );
  for (const [name, entry] of Object.entries(tools)) {
    const problem = OPERATIONS.has(name) ? undefined : toolNameProblem(name);
    if (problem !== undefined)
      throw new HopwiseError("config_invalid", `tools: "${name}" cannot be a tool's name: ${problem}`);
    if (!entry.kind || !entry.action) {
      throw new HopwiseError("config_invalid", `tools: "${name}" needs a kind and an action`);
    }
    // Schemas exempt it: as the action of a call, too, it would let arguments through that no schema saw.
    if (entry.list === "" || called.has(JSON.stringify([entry.kind, entry.list]))) {
      throw new HopwiseError(
        "config_invalid",
        `tools: "${name}" needs a listing action that is not empty, and of no call of the kind "${entry.kind}"`,
      );
    }
  }
}

/** The entry of a tool, or undefined: then there is no policy question to ask, and nothing is allowed. */
export function toolEntry(tools: ToolMap, tool: string): ToolEntry | undefined {
  if (Object.hasOwn(tools, tool)) return tools[tool];
  if (Object.hasOwn(MCP_ENTRIES, tool)) return MCP_ENTRIES[tool];
  return tool.startsWith("mcp:") ? undefined : tools["*"];
}

/**
 * The resource that a call acts on, loaded once for all hops: attributes of the trusted loader, and the arguments as
 * `attr.args`.
 *
 * @throws {HopwiseError} `context_unavailable`
 */
export async function loadResource(entry: ToolEntry, tool: string, args: JsonObject): Promise<Resource> {
  const unavailable = (problem: string, cause?: unknown): never => {
    throw new HopwiseError("context_unavailable", `the resource of "${tool}" could not be told: ${problem}`, { cause });
  };
  let attributes: JsonObject = {};
  try {
    const loaded = entry.attributes === undefined ? {} : freezeJson(await entry.attributes(args), ATTRIBUTE_LIMITS);
    attributes = isJsonObject(loaded) ? loaded : unavailable("its attributes are not an object");
  } catch (cause) {
    unavailable(cause instanceof HopwiseError ? "its attributes are not plain JSON" : "its loader failed", cause);
  }
  if (Object.hasOwn(attributes, "args"))
    unavailable('its loader gave an attribute "args", which is Hopwise\'s own name');
  let id: string | undefined;
  try {
    id = resourceId(entry, tool, args);
  } catch (cause) {
    unavailable("the function that makes its id failed", cause);
  }
  return {
    kind: entry.kind,
    id: id || unavailable("it has no id"),
    attr: { ...attributes, args: args as Record<string, never> },
    ...(entry.scope !== undefined && { scope: entry.scope }),
    ...(entry.policyVersion !== undefined && { policyVersion: entry.policyVersion }),
  };
}

function resourceId(entry: ToolEntry, tool: string, args: JsonObject): string | undefined {
  if (entry.id === undefined) return tool;
  if (typeof entry.id === "string") {
    const value = Object.hasOwn(args, entry.id) ? args[entry.id] : undefined;
    return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
  }
  return entry.id(args);
}
