import { AsyncLocalStorage } from "node:async_hooks";
import { type Authorizer, HopwiseError, type Subject } from "@hopwise/core";
import { guardTransport, type MayChangeByTool, type McpTransport, type RequestScope } from "@hopwise/mcp";
import type { FastMCP } from "fastmcp";
import { checkMayChange } from "./check-may-change.ts";
import { GUARDING, type Guarding, markOf, patchSessions } from "./patch-sessions.ts";
import { mustAnswer } from "./probe.ts";
import { type AnyTool, wrapTool } from "./wrap-tool.ts";

export interface GuardServerOptions {
  /**
   * Opts in to users without agents, who come with an ordinary OAuth token: verifies the token in the headers of this
   * very request and says whose it is. Do not ask FastMCP's own session: all requests of a session share it, even those
   * of different senders. Where the function throws, the request is denied with `authentication_failed`. Without this
   * option every request needs a chain and a proof.
   */
  readonly userFromAuth?: (request: {
    readonly headers: Headers;
  }) => Subject | undefined | Promise<Subject | undefined>;
  /**
   * What policies may take out of the results of tools with an output schema, or shorten in them, by tool:
   * `{ pay: { redact: ["/balance"], limit: ["/lines"] } }`. The guard lists their output schemas so that such results
   * are valid. Default: schemas are listed as they are. A call whose result would then not be valid is denied before it
   * runs, with `policy_inconclusive`.
   */
  readonly mayChange?: MayChangeByTool;
}

/**
 * Protects a FastMCP server: every tool call, resource and prompt is decided, every list is filtered, for each request,
 * over HTTP stream and stdio. Call it before tools are added and before `start()`: a tool that was added
 * earlier cannot be called, and no list shows it.
 *
 * ```ts
 * const server = guard(new FastMCP({ name: "pay", version: "1.0.0" }), authorizer);
 * ```
 *
 * @returns the same server
 * @throws {HopwiseError} `config_invalid` at once for a server that runs or is guarded already; from `start()` where the
 *   guard would not see every request; from `addTool` for a name that no tool may have, or that the tool map does not
 *   know
 */
export function guard<Server extends FastMCP>(
  server: Server,
  authorizer: Authorizer,
  options: GuardServerOptions = {},
): Server {
  if (GUARDING in server) throw new HopwiseError("config_invalid", "the server is guarded already");
  if (server.serverState === "running" || server.sessions.length > 0)
    throw new HopwiseError("config_invalid", "the server runs already; guard it before start()");

  checkMayChange(options.mayChange ?? {}, authorizer);

  const scope = new AsyncLocalStorage<RequestScope>();
  const wrapped = new Set<string>();
  const guards = new WeakSet<McpTransport>();
  const guarding: Guarding = {
    guardSession: (transport) => {
      if (guards.has(transport)) return transport;
      const guarded = guardTransport(transport, {
        authorizer,
        scope,
        isWrapped: (tool) => wrapped.has(tool),
        userFromAuth: options.userFromAuth,
        mayChange: options.mayChange,
      });
      guards.add(guarded);
      return guarded;
    },
  };
  patchSessions();
  Object.defineProperty(server, GUARDING, { value: guarding });

  const wrap = (tool: AnyTool): AnyTool => {
    authorizer.checkTool(tool.name);
    return wrapTool(tool, scope, options.mayChange);
  };

  const { addTool, addTools, start, connect } = server;
  server.addTool = ((tool: AnyTool) => {
    const own = wrap(tool);
    addTool.call(server, own as never);
    wrapped.add(own.name);
  }) as Server["addTool"];
  server.addTools = ((tools: AnyTool[]) => {
    const own = tools.map(wrap);
    addTools.call(server, own as never);
    for (const { name } of own) wrapped.add(name);
  }) as Server["addTools"];
  server.connect = ((transport: McpTransport, auth: never) =>
    connect.call(server, guarding.guardSession(transport) as never, auth)) as Server["connect"];
  server.start = (async (startOptions) => {
    const own = withoutEventStore(startOptions);
    await mustAnswer((transport) => connect.call(server, transport as never));
    await start.call(server, own);
  }) as Server["start"];
  addTool.call(server, markOf(guarding) as never);
  return server;
}

type StartOptions = Parameters<FastMCP["start"]>[0];

/**
 * An event store would hand one caller's results to any caller who resumes the stream with its session id. FastMCP has
 * one by default, so it is always switched off, even where the options name no HTTP transport: FASTMCP_TRANSPORT or the
 * command line may still choose it.
 */
function withoutEventStore(options: StartOptions): StartOptions {
  const { httpStream } = (options ?? {}) as { httpStream?: { eventStore?: unknown } };
  if (httpStream?.eventStore) {
    throw new HopwiseError(
      "config_invalid",
      "a guarded server has no event store: it would give one caller's results to another who resumes the stream",
    );
  }
  return { ...options, httpStream: { ...httpStream, eventStore: false } } as never;
}
