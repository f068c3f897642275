import { AsyncLocalStorage } from "node:async_hooks";
import { type Authorizer, HopwiseError } from "@hopwise/core";
import { warner } from "@hopwise/core/adapter";
import { AUTHORIZER, func, maybe, optionsOf, type Rows, readerOf } from "@hopwise/core/options";
import { guardTransport, type RequestScope, SHARED_GUARD_ROWS, type SharedGuardOptions } from "@hopwise/mcp";
import type { FastMCP } from "fastmcp";
import { checkServer } from "./check-server.ts";
import { GUARDING, type Guarding, markOf, patchSessions, type SessionGuard } from "./patch-sessions.ts";
import { contentsOf, mustAnswer } from "./probe.ts";
import { readTool, readTools } from "./read-tools.ts";
import { sessionTools } from "./session-tools.ts";
import { withTrueAccess } from "./true-access.ts";
import { createUriReader } from "./uri-reader.ts";
import { warnUnmapped } from "./warn-unmapped.ts";
import { wrapTemplate } from "./wrap-template.ts";
import { type AnyTool, toolWrapper } from "./wrap-tool.ts";

export interface GuardServerOptions extends SharedGuardOptions {
  /**
   * Hears of what would be denied in silence. At `start()`: the server has resources or prompts, and the tool map has neither
   * `mcp:resources/read` (or templates of URIs) nor `mcp:prompts/get`; the text says what to add. And once for each tool
   * whose `canAccess` throws, or gives anything but `true` or `false`.
   *
   * @defaultValue `console.warn`
   */
  readonly onWarning?: (text: string) => void;
}

export const GUARD_ROWS: Rows<GuardServerOptions> = {
  ...SHARED_GUARD_ROWS,
  onWarning: maybe(func("a function that is told a text")),
};

const readAuthorizer = readerOf<Authorizer>("guard", AUTHORIZER);
const readOptions = optionsOf<GuardServerOptions>("guard", GUARD_ROWS);

/**
 * Protects a FastMCP server: every tool call, resource and prompt is decided, every list is filtered, for each request,
 * over HTTP stream and stdio. Call it before `start()`; tools, resources and prompts may be added before it and after it,
 * also while the server runs.
 *
 * FastMCP's own `onToolCall` is called before the decision, for each call whose arguments the tool's schema took: see the
 * README.
 *
 * ```ts
 * const server = guard(new FastMCP({ name: "pay", version: "1.0.0" }), authorizer);
 * ```
 *
 * @returns the same server
 * @throws {HopwiseError} `config_invalid` at once for what is no FastMCP server, such as an `EdgeFastMCP`, for one that
 *   runs or is guarded already, for what is no authorizer, and for a tool that can be none, whose name no tool may have, or
 *   that the tool map does not know; the last also from `addTool`; from `start()` where the guard would not see every request
 */
export function guard<Server extends FastMCP>(
  server: Server,
  authorizer: Authorizer,
  given: GuardServerOptions = {},
): Server {
  checkServer(server);
  readAuthorizer(authorizer);
  const options = readOptions(given);
  if (GUARDING in server) throw new HopwiseError("config_invalid", "the server is guarded already");
  if (server.serverState === "running" || server.sessions.length > 0)
    throw new HopwiseError("config_invalid", "the server runs already; guard it before start()");
  patchSessions();
  const known = new Set<string>();
  const meet = (tools: readonly AnyTool[]): void => {
    for (const { name } of tools) authorizer.checkTool(name);
    for (const { name } of tools) known.add(name);
  };
  const present = readTools("guard", contentsOf(server).tools);
  meet(present);
  for (const name of Object.keys(options.mayChange ?? {})) authorizer.checkTool(name);

  const warn = warner(options.onWarning);
  const closing = (tools: readonly AnyTool[]) => tools.map((tool) => withTrueAccess(tool, warn));
  let isProbe = false;
  const begin = sessionGuards(authorizer, options, known, closing);
  const guarding: Guarding = { beginSession: () => begin(isProbe) };
  const { addTool, addTools, start, connect } = server;
  addTools.call(server, [...closing(present), markOf(guarding)] as never);
  Object.defineProperty(server, GUARDING, { value: guarding });
  server.addTool = ((tool: AnyTool) => {
    const read = readTool(tool);
    meet([read]);
    addTool.call(server, withTrueAccess(read, warn) as never);
  }) as Server["addTool"];
  server.addTools = ((tools: AnyTool[]) => {
    const read = readTools("addTools", tools);
    meet(read);
    addTools.call(server, closing(read) as never);
  }) as Server["addTools"];
  server.start = (async (startOptions) => {
    const own = withoutEventStore(startOptions);
    await mustAnswer((transport) => {
      // FastMCP makes the session at once, before it waits for anything.
      isProbe = true;
      try {
        return connect.call(server, transport);
      } finally {
        isProbe = false;
      }
    });
    warnUnmapped(contentsOf(server).offered, authorizer, warn);
    await start.call(server, own);
  }) as Server["start"];
  return server;
}

/** What begins a session: all of one server share what joins a request with its tool, and each has tools of its own. */
function sessionGuards(
  authorizer: Authorizer,
  { userFromAuth, mayChange, approvalUrl }: GuardServerOptions,
  known: Set<string>,
  closing: SessionGuard["closing"],
): (isProbe: boolean) => SessionGuard {
  const scope = new AsyncLocalStorage<RequestScope>();
  const wrap = toolWrapper(mayChange);
  return (isProbe) => {
    const tools = sessionTools(scope, known);
    const uris = createUriReader();
    const own = { authorizer, tools, userFromAuth, mayChange, approvalUrl, readUri: uris.read };
    return {
      isProbe,
      uris,
      closing,
      wrapTools: (added) => added.map((tool) => wrap(tool, tools)),
      wrapTemplate: (template) => wrapTemplate(template, scope),
      guardTransport: (transport) => guardTransport(transport, own),
    };
  };
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
