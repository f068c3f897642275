import { AsyncLocalStorage } from "node:async_hooks";
import { type Authorizer, HopwiseError, type Subject } from "@hopwise/core";
import { decideTool, guardTransport, type McpTransport, type RequestScope } from "@hopwise/mcp";
import { type FastMCP, FastMCPSession } from "fastmcp";
import { mustAnswer } from "./probe.ts";

export interface GuardServerOptions {
  /**
   * Opts in to users without agents, who come with an ordinary OAuth token: verifies the token in the headers of this
   * very request and says whose it is. FastMCP's own session must not be asked: it is shared by all requests of a
   * session, whoever sends them. Without this option every request needs a chain and a proof.
   */
  readonly userFromAuth?: (request: {
    readonly headers: Headers;
  }) => Subject | undefined | Promise<Subject | undefined>;
}

/** What a guarded server's sessions need to know of it. */
interface Guarding {
  readonly guardSession: (transport: McpTransport) => McpTransport;
}

/**
 * Which guarded server a new session belongs to. FastMCP makes its sessions itself and offers no hook, so the exported
 * session class is patched, once, to ask this: a session made within a guarded server's `start` gets that server's
 * guard, every other session is left as it was.
 */
const owner = new AsyncLocalStorage<Guarding>();
const patched = Symbol.for("dev.hopwise/fastmcp/patched");

/**
 * Protects a FastMCP server: every tool call, resource and prompt is decided, every list is filtered, for each request,
 * over HTTP stream and stdio. Call it before tools are added and before `start()`.
 *
 * ```ts
 * const server = guard(new FastMCP({ name: "pay", version: "1.0.0" }), authorizer);
 * ```
 *
 * @returns the same server
 * @throws {HopwiseError} `config_invalid` from `start()` where the guard would not see every request; from `addTool` for
 *   a name that no tool may have, or that the tool map does not know
 */
export function guard<Server extends FastMCP>(
  server: Server,
  authorizer: Authorizer,
  options: GuardServerOptions = {},
): Server {
  const scope = new AsyncLocalStorage<RequestScope>();
  const wrapped = new Set<string>();
  const guarding: Guarding = {
    guardSession: (transport) =>
      guardTransport(transport, {
        authorizer,
        scope,
        isWrapped: (tool) => wrapped.has(tool),
        userFromAuth: options.userFromAuth,
      }),
  };
  patchSessions();

  const wrap = <T extends Parameters<Server["addTool"]>[0]>(tool: T): T => {
    checkTool(tool.name, authorizer);
    wrapped.add(tool.name);
    return {
      ...tool,
      execute: async (args: unknown, context: never) => {
        const decision = await decideTool(scope, tool.name, args);
        return decision.run ? tool.execute(decision.arguments as never, context) : decision.result;
      },
    };
  };

  const { addTool, addTools, start, connect } = server;
  server.addTool = ((tool: never) => addTool.call(server, wrap(tool) as never)) as Server["addTool"];
  server.addTools = ((tools: never[]) =>
    addTools.call(server, tools.map((tool) => wrap(tool)) as never)) as Server["addTools"];
  server.connect = ((transport: never, auth: never) =>
    owner.run(guarding, () => connect.call(server, transport, auth))) as Server["connect"];
  server.start = (async (startOptions) => {
    await owner.run(guarding, () => mustAnswer((transport) => connect.call(server, transport as never)));
    await owner.run(guarding, () => start.call(server, withoutEventStore(startOptions)));
  }) as Server["start"];
  return server;
}

function patchSessions(): void {
  const prototype = FastMCPSession.prototype as FastMCPSession & { [patched]?: true };
  if (prototype[patched]) return;
  const { connect } = prototype;
  prototype.connect = function (this: FastMCPSession, transport) {
    const guarding = owner.getStore();
    const guarded = guarding === undefined ? transport : guarding.guardSession(transport as McpTransport);
    return connect.call(this, guarded as typeof transport);
  };
  Object.defineProperty(prototype, patched, { value: true });
}

function checkTool(name: string, authorizer: Authorizer): void {
  if (name.startsWith("mcp:") || name.includes("#")) {
    throw new HopwiseError(
      "config_invalid",
      `a tool may not be called "${name}": "mcp:" names operations of MCP, "#" separates an audience`,
    );
  }
  if (!Object.hasOwn(authorizer.tools, name) && !Object.hasOwn(authorizer.tools, "*")) {
    throw new HopwiseError(
      "config_invalid",
      `the tool map has no entry for "${name}": say which resource and action it is, or give "*" an entry`,
    );
  }
}

type StartOptions = Parameters<FastMCP["start"]>[0];

/**
 * An event store would hand one caller's results to whoever resumes the stream with its session id. FastMCP's default
 * is to have one, so it is switched off in so many words.
 */
function withoutEventStore(options: StartOptions): StartOptions {
  if (options?.transportType !== "httpStream") return options;
  const { eventStore } = options.httpStream ?? {};
  if (eventStore) {
    throw new HopwiseError(
      "config_invalid",
      "a guarded server has no event store: it would give one caller's results to another who resumes the stream",
    );
  }
  return {
    ...options,
    httpStream: { ...options.httpStream, eventStore: false as never } as NonNullable<typeof options.httpStream>,
  };
}
