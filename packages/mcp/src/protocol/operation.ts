import { isPlain, type JsonRpcMessage, type Plain } from "./jsonrpc.ts";

/** What a request of MCP asks for, in the words of grants and policies. */
export type Operation =
  /** A tool call: decided once the tool's own schema has parsed the arguments. */
  | { readonly kind: "tool"; readonly tool: string; readonly arguments: unknown }
  /**
   * A resource or a prompt: decided on the arguments as they came. What its server reads out of a URI is told by `readUri`; a
   * prompt's own schema may only check (`wrapPrompt`).
   */
  | { readonly kind: "data"; readonly tool: string; readonly arguments: Plain }
  /** A list: each item is shown or hidden. */
  | { readonly kind: "list"; readonly tool: string; readonly list: ListRule }
  /** A message that keeps a session going and carries no data. */
  | { readonly kind: "lifecycle" }
  /** Any other method: it could reach data that Hopwise does not check. */
  | { readonly kind: "unguarded" }
  /** Two readers could take it for two different requests, or one for none: the MCP SDK never answers what it takes for none. */
  | { readonly kind: "malformed" };

/** How the names of operations of MCP begin, in grants and policies. No tool's does: a listing needs no grant. */
export const OPERATIONS = "mcp:";

/** How the items of a list are found in its result, and which call each offers. */
export interface ListRule {
  readonly member: string;
  offer(item: Plain): {
    readonly tool: string;
    readonly arguments?: { readonly [key: string]: string };
    /** What a record calls it, where that is not the tool. */
    readonly name?: string;
    readonly template?: string;
  };
}

const LISTS: { readonly [method: string]: ListRule } = {
  "tools/list": { member: "tools", offer: ({ name }) => ({ tool: String(name) }) },
  "resources/list": {
    member: "resources",
    offer: ({ uri }) => ({ tool: "mcp:resources/read", arguments: { uri: String(uri) }, name: String(uri) }),
  },
  "resources/templates/list": {
    member: "resourceTemplates",
    offer: ({ uriTemplate }) => {
      const template = String(uriTemplate);
      return { tool: "mcp:resources/read", name: template, template };
    },
  },
  "prompts/list": {
    member: "prompts",
    offer: ({ name }) => ({ tool: "mcp:prompts/get", arguments: { name: String(name) }, name: String(name) }),
  },
};

const LIFECYCLE: ReadonlySet<string> = new Set(["initialize", "ping", "server/discover", "logging/setLevel"]);

/** The one method that nobody serves: its refusal shows that a guard is there, and says nothing about a caller. */
export const PROBE_METHOD = "hopwise/probe";

/** Reads a request. The client and the server read it with the same function, so that a proof and a check agree. */
export function operationOf({ method = "", params = {} }: JsonRpcMessage): Operation {
  if (!isPlain(params) || !isMeta(params["_meta"])) return { kind: "malformed" };
  if (LIFECYCLE.has(method)) return { kind: "lifecycle" };
  if (Object.hasOwn(LISTS, method)) return { kind: "list", tool: `mcp:${method}`, list: LISTS[method] as ListRule };
  const given = (name: string): unknown => (Object.hasOwn(params, name) ? params[name] : undefined);
  switch (method) {
    case "tools/call": {
      const tool = given("name");
      const args = given("arguments");
      // Left out, they are none. `null` is none to some readers and no object to others, such as FastMCP.
      if (typeof tool !== "string" || args === null) return { kind: "malformed" };
      return { kind: "tool", tool, arguments: args ?? {} };
    }
    case "resources/read":
      if (isNoText(given("uri"))) return { kind: "malformed" };
      return { kind: "data", tool: "mcp:resources/read", arguments: { uri: given("uri") } };
    case "prompts/get": {
      const args = given("arguments");
      if (isNoText(given("name")) || (args !== undefined && !isPlain(args))) return { kind: "malformed" };
      return {
        kind: "data",
        tool: "mcp:prompts/get",
        arguments: { name: given("name"), ...(args !== undefined && { arguments: args }) },
      };
    }
    default:
      return { kind: "unguarded" };
  }
}

/** Policies would be asked about its text, and the server would not find what it names. */
function isNoText(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean";
}

/** What the MCP SDK takes for the `_meta` of a request. Of which task it is, is taken out: see `withoutTask`. */
function isMeta(meta: unknown): boolean {
  if (meta === undefined) return true;
  if (!isPlain(meta)) return false;
  const { progressToken: token } = meta;
  return token === undefined || typeof token === "string" || Number.isSafeInteger(token);
}
