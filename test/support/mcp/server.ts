/** Guarded FastMCP servers of the story, on a port of their own, with tools that write down what they were given. */

import type { Authorizer, AuthorizerOptions, HeldDelegation, ToolEntry } from "@hopwise/core";
import type { MemoryAudit } from "@hopwise/core/audit";
import { readGrant } from "@hopwise/core/grant";
import { type GuardServerOptions, guard } from "@hopwise/fastmcp";
import { freePort } from "@hopwise/fastmcp/testing";
import { FastMCP } from "fastmcp";
import { onTestFinished } from "vitest";
import { tools } from "../../../examples/finance-team/company.ts";
import { createPayServer, type Payments } from "../../../examples/finance-team/pay-server.ts";
import { PLANNER_GRANT, type World } from "../world.ts";

/** A tool of a test as the story's policies see it: open to alice and her planner, closed to bob and to researchers. */
export const OPEN_TO_ALICE: ToolEntry = { kind: "mcp_prompt", action: "get", id: () => "monthly-report" };

/** A tool of a test that nobody may call, whatever was granted: the policies know no such prompt. */
export const OPEN_TO_NOBODY: ToolEntry = { kind: "mcp_prompt", action: "forbidden" };

export interface Served {
  readonly server: FastMCP;
  readonly url: string;
  readonly sseUrl: string;
  readonly authorizer: Authorizer;
  readonly audit: MemoryAudit;
  readonly payments: Payments;
  stop(): Promise<void>;
}

export interface ServeOptions extends GuardServerOptions {
  /** Default: a session for each client, as FastMCP has it. */
  readonly stateless?: boolean;
  /** Whether answers come as JSON instead of a stream. */
  readonly json?: boolean;
  readonly authorizer?: Partial<AuthorizerOptions>;
  /** Tools that the test adds, with their place in the tool map. */
  readonly map?: { readonly [tool: string]: ToolEntry };
  readonly add?: (server: FastMCP) => void;
  /** A hook of the server's own, which then has none of the story's tools. */
  readonly onToolCall?: () => void;
}

/** Starts the story's pay server; it lives as long as the test, or until it is stopped. */
export async function serve(world: World, options: ServeOptions = {}): Promise<Served> {
  const { stateless = false, json = false, map = {}, add, userFromAuth, onToolCall } = options;
  const { authorizer, audit } = world.authorizer({ tools: { ...tools, ...map }, ...options.authorizer });
  const payments: Payments = [];
  const own = userFromAuth === undefined ? {} : { userFromAuth };
  const server = onToolCall
    ? emptyServer(authorizer, { ...own, onToolCall })
    : createPayServer(authorizer, payments, own);
  add?.(server);
  return { ...(await start(server, stateless, json)), authorizer, audit, payments };
}

/** Starts a server that a test made itself. */
export async function start(
  server: FastMCP,
  stateless = false,
  enableJsonResponse = false,
): Promise<Pick<Served, "server" | "url" | "sseUrl" | "stop">> {
  const port = await freePort();
  const httpStream = { port, host: "127.0.0.1", stateless, enableJsonResponse };
  await server.start({ transportType: "httpStream", httpStream });
  const stop = async (): Promise<void> => {
    if (server.serverState === "running") await server.stop();
  };
  return { server, url: `http://127.0.0.1:${port}/mcp`, sseUrl: `http://127.0.0.1:${port}/sse`, stop };
}

/** {@link serve} for one test. */
export async function serveHere(world: World, options: ServeOptions = {}): Promise<Served> {
  const served = await serve(world, options);
  onTestFinished(served.stop);
  return served;
}

/** An empty guarded server; its log goes where the test can read it. */
export function emptyServer(
  authorizer: Authorizer,
  options: GuardServerOptions & { log?: string[]; onToolCall?: (call: { arguments: unknown }) => void } = {},
): FastMCP {
  const { log = [], onToolCall, ...guardOptions } = options;
  const write = (...parts: unknown[]): void => void log.push(parts.map(String).join(" "));
  const logger = { debug: write, error: write, info: write, log: write, warn: write };
  const server = new FastMCP({
    name: "test",
    version: "1.0.0",
    logger,
    ...(onToolCall && { onToolCall: async (call) => onToolCall(call) }),
  });
  return guard(server, authorizer, guardOptions);
}

/** alice → planner, who may also call these tools with any arguments. */
export async function plannerWith(world: World, ...names: readonly string[]): Promise<HeldDelegation> {
  return world.issuer.issue({
    subject: "alice",
    agent: "planner",
    holder: world.keys.planner,
    // No constraints: any arguments.
    grant: readGrant({ ...PLANNER_GRANT, ...Object.fromEntries(names.map((name) => [name, {}])) }),
  });
}
