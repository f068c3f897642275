import { HopwiseError } from "@hopwise/core";

/** The part of the MCP SDK's server by which handlers of requests get into it. */
export interface HandlerRegistry {
  setRequestHandler(schema: unknown, ...more: unknown[]): void;
  removeRequestHandler(method: string): void;
}

/**
 * A session shows the SDK's server behind it. A handler of `tools/call` that was put in there would run tools that do not
 * ask, so it can only be set while this runs a function of FastMCP.
 */
export function lockTools(server: HandlerRegistry): (setUp: () => void) => void {
  let isOpen = false;
  const { setRequestHandler, removeRequestHandler } = server;
  const refuse = (method: string | undefined): void => {
    // A schema that does not tell its method may be of any.
    if (isOpen || (method !== undefined && method !== "tools/call")) return;
    throw new HopwiseError(
      "config_invalid",
      "a guarded session keeps FastMCP's own handler of tools/call: another one would not ask before it runs a tool; add the tool with addTool",
    );
  };
  server.setRequestHandler = (schema, ...more) => {
    refuse(methodOf(schema));
    return setRequestHandler.call(server, schema, ...more);
  };
  server.removeRequestHandler = (method) => {
    refuse(method);
    return removeRequestHandler.call(server, method);
  };
  return (setUp) => {
    isOpen = true;
    try {
      setUp();
    } finally {
      isOpen = false;
    }
  };
}

function methodOf(schema: unknown): string | undefined {
  const { shape } = Object(schema) as { readonly shape?: { readonly method?: { readonly value?: unknown } } };
  const method = shape?.method?.value;
  return typeof method === "string" ? method : undefined;
}
