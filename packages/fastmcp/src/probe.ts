import { HopwiseError } from "@hopwise/core";
import { type JsonRpcMessage, type McpTransport, PROBE_METHOD } from "@hopwise/mcp";
import { FastMCP, FastMCPSession } from "fastmcp";
import type { AnyTool } from "./wrap-tool.ts";

const PROBE: JsonRpcMessage = { jsonrpc: "2.0", id: PROBE_METHOD, method: PROBE_METHOD };
const PATIENCE_MS = 1000;

/**
 * Proves that a new session of a server is behind the guard: begins one in memory and sends a request that no guard
 * lets through. An unguarded session would answer that the method does not exist. The session is aborted before it
 * opens, so the server's listeners do not hear of it.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export async function mustAnswer(connect: (transport: McpTransport) => Promise<unknown>): Promise<void> {
  let answer: JsonRpcMessage | undefined;
  const transport: McpTransport = {
    start: () =>
      new Promise((_, abandon) => {
        const done = (): void => abandon(new Error("the probe is over"));
        const patience = setTimeout(done, PATIENCE_MS);
        transport.send = async (message) => {
          answer = message;
          clearTimeout(patience);
          done();
        };
        transport.onmessage?.(PROBE);
      }),
    close: async () => {},
    send: async () => {},
  };
  const cause = await connect(transport).catch((error: unknown) => error);
  const data = answer?.error?.data as { code?: string } | undefined;
  if (data?.code !== "method_unguarded") {
    throw new HopwiseError(
      "config_invalid",
      "the server's sessions do not pass the guard, so it is not started; import FastMCP from the same copy of fastmcp (ESM) as @hopwise/fastmcp does, in a version that it supports",
      { cause },
    );
  }
}

/** What a server may have besides tools. */
export type Offered = "resources" | "prompts";

/** What a server has at the moment. */
export interface Contents {
  readonly tools: readonly AnyTool[];
  /** Resource templates count as resources. */
  readonly offered: ReadonlySet<Offered>;
}

/**
 * What a server has, which it keeps to itself: it hands it to a session, and this begins one that ends before it opens.
 * FastMCP makes the session at once, before it waits for anything.
 */
export function contentsOf(server: FastMCP): Contents {
  const tools: AnyTool[] = [];
  const offered = new Set<Offered>();
  const prototype = FastMCPSession.prototype as unknown as Listening;
  const { setupToolHandlers, setupResourceHandlers, setupPromptHandlers } = prototype;
  prototype.setupToolHandlers = function (given) {
    tools.push(...given);
    return setupToolHandlers.call(this, given);
  };
  prototype.setupResourceHandlers = function () {
    offered.add("resources");
    return setupResourceHandlers.call(this);
  };
  prototype.setupPromptHandlers = function () {
    offered.add("prompts");
    return setupPromptHandlers.call(this);
  };
  try {
    const closed: McpTransport = {
      start: () => Promise.reject(new Error("the probe is over")),
      close: async () => {},
      send: async () => {},
    };
    FastMCP.prototype.connect.call(server, closed as never, undefined as never).catch(() => {});
  } finally {
    Object.assign(prototype, { setupToolHandlers, setupResourceHandlers, setupPromptHandlers });
  }
  return { tools, offered };
}

interface Listening {
  setupToolHandlers(tools: readonly AnyTool[]): void;
  setupResourceHandlers(): void;
  setupPromptHandlers(): void;
}
