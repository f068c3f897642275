import { HopwiseError } from "@hopwise/core";
import { FastMCP } from "fastmcp";

/** What may be taken for a FastMCP server, and why it cannot be guarded by this package. */
const OTHERS: readonly (readonly [is: (given: { readonly [member: string]: unknown }) => boolean, why: string])[] = [
  [({ then }) => isFunction(then), "it is a promise; await it first"],
  [
    ({ addTool, fetch }) => isFunction(addTool) && isFunction(fetch),
    "it is an EdgeFastMCP (fastmcp/edge), which has no sessions and no hook before its tools run; serve these tools with FastMCP",
  ],
  [
    ({ addTool, start }) => isFunction(addTool) && isFunction(start),
    'it is of another copy of fastmcp than @hopwise/fastmcp has, such as the CommonJS one, which require gives; there, take FastMCP from await import("fastmcp"), and of two installed versions keep one',
  ],
  [
    ({ registerTool, setRequestHandler }) => isFunction(registerTool) || isFunction(setRequestHandler),
    "it is a server of the MCP SDK; put guardTransport of @hopwise/mcp before its transport",
  ],
];

/** @throws {HopwiseError} `config_invalid`, with the reason, for anything but a FastMCP server */
export function checkServer(server: unknown): asserts server is FastMCP {
  const why = whyNone(server);
  if (why === undefined) return;
  throw new HopwiseError("config_invalid", `guard takes a FastMCP server, as new FastMCP({ … }) gives it: ${why}`);
}

function whyNone(server: unknown): string | undefined {
  try {
    if (server instanceof FastMCP) return whyClosed(server);
    const given = Object(server) as { readonly [member: string]: unknown };
    return OTHERS.find(([is]) => is(given))?.[1] ?? `it is ${kindOf(server)}`;
  } catch {
    return "it fails when it is read";
  }
}

/** Why a server of the right class could not be guarded all the same; or half of the guard would stand. */
function whyClosed(server: FastMCP): string | undefined {
  if (!Object.isExtensible(server)) return "it is frozen, and takes no guard any more; guard it first";
  try {
    void server.serverState;
    return undefined;
  } catch {
    return "its own state cannot be read, as behind a proxy; give the server itself";
  }
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function kindOf(value: unknown): string {
  if (value === null || typeof value !== "object") return value === null ? "null" : `a value of type ${typeof value}`;
  return Array.isArray(value) ? "a list" : "an object of another kind";
}
