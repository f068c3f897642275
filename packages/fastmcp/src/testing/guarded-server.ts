import { type Authorizer, type DelegationSource, HopwiseError } from "@hopwise/core";
import { AUTHORIZER, flag, func, mapOf, maybe, members, optionsOf, readerOf, such } from "@hopwise/core/options";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { FastMCP } from "fastmcp";
import { GUARD_ROWS, type GuardServerOptions, guard } from "../guard.ts";
import { GUARDING } from "../patch-sessions.ts";
import { type ClientOptions, clientsOf, type GuardingAuthorizer } from "./clients.ts";
import { freePort } from "./free-port.ts";
import { type StubTool, toolOf } from "./stub-tool.ts";
import { answerOf, refusedAnswer, type ToolAnswer } from "./tool-answer.ts";
import { untilEnd } from "./until-end.ts";

/** What a guarded server of a test serves, and how its clients reach it. */
export interface GuardedServerOptions extends GuardServerOptions {
  /** Tools by name, each a function of its arguments. The tool map of the authorizer must know the names. */
  readonly tools?: { readonly [name: string]: StubTool };
  /** Adds tools of your own, resources and prompts. */
  readonly add?: (server: FastMCP) => void;
  /** A server that your own code has put behind `guard` with this authorizer. Default: a new one. */
  readonly server?: FastMCP;
  /**
   * Serves on a free port of 127.0.0.1, so that clients of any kind reach it. Default: in memory, which needs no port.
   * FastMCP lets each client wait for a second, unless the server is `stateless`.
   */
  readonly http?: { readonly stateless?: boolean; readonly enableJsonResponse?: boolean };
}

const readAuthorizer = readerOf<GuardingAuthorizer>("guardedServer", AUTHORIZER);
const readOptions = optionsOf<GuardedServerOptions>("guardedServer", {
  ...GUARD_ROWS,
  tools: maybe(mapOf(func("a function of a call's arguments"), "functions by the names of tools")),
  add: maybe(func("a function that adds tools to the server")),
  server: maybe(such("a FastMCP server", (value) => value instanceof FastMCP)),
  http: maybe(
    members<NonNullable<GuardedServerOptions["http"]>>(
      { stateless: maybe(flag()), enableJsonResponse: maybe(flag()) },
      "{ stateless, enableJsonResponse }, or {}",
    ),
  ),
});

/** A FastMCP server behind the guard, with its clients. `await using` stops it and closes them. */
export interface GuardedServer extends AsyncDisposable {
  readonly server: FastMCP;
  /** Where it serves. @throws {HopwiseError} `config_invalid` for a server in memory */
  readonly url: string;
  /** Connects a client of the official SDK, which carries the chain and a proof with each request. */
  client(delegation?: DelegationSource, options?: ClientOptions): Promise<Client>;
  /** Calls one tool. All calls of one delegation share a client. */
  call(delegation: DelegationSource | undefined, tool: string, args?: object): Promise<ToolAnswer>;
  /** The names of the tools that are listed for a delegation. Rejects where the list itself is denied. */
  tools(delegation: DelegationSource | undefined): Promise<readonly string[]>;
  close(): Promise<void>;
}

/**
 * Serves tools behind the guard, for one test.
 *
 * @example
 * ```ts
 * const company = await createCompany();
 * await using server = await guardedServer(company.authorizer({ cerbos: pdp }), {
 *   tools: { send_payment: ({ to, amount }) => `paid ${amount} to ${to}` },
 * });
 * const planner = await company.chain("alice", "planner");
 * const { text, code } = await server.call(planner, "send_payment", { to: "Globex", amount: 400 });
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right, a tool that the tool map does not know, or a server without a
 *   guard
 */
export async function guardedServer(
  authorizer: GuardingAuthorizer,
  given: GuardedServerOptions = {},
): Promise<GuardedServer> {
  readAuthorizer(authorizer);
  const options = readOptions(given);
  const { tools = {}, add, http, server: own, ...guarding } = options;
  const server = own ?? newServer(authorizer, guarding);
  if (!(GUARDING in server)) {
    throw new HopwiseError("config_invalid", "the server has no guard; put it behind guard(server, authorizer) first");
  }
  for (const [name, stub] of Object.entries(tools)) server.addTool(toolOf(name, stub));
  add?.(server);
  const url = http && (await listen(server, http));
  const { client, closeAll } = clientsOf(server, authorizer, url);
  const callers = new Map<DelegationSource | undefined, Promise<Client>>();

  const callerOf = (delegation: DelegationSource | undefined): Promise<Client> => {
    const known = callers.get(delegation) ?? client(delegation);
    callers.set(delegation, known);
    return known;
  };

  const { whileOpen, end } = untilEnd();
  const close = async (): Promise<void> => {
    end();
    await closeAll();
    if (server.serverState === "running") await server.stop();
  };

  return {
    server,
    get url() {
      if (url !== undefined) return url;
      throw new HopwiseError("config_invalid", "the server is in memory; give guardedServer the option http: {}");
    },
    client: (...of) => whileOpen(() => client(...of)),
    call: (delegation, tool, args = {}) =>
      whileOpen(async () => {
        const caller = await callerOf(delegation);
        // As they are: of a text or a list a copy would make an object.
        return caller
          .callTool({ name: tool, arguments: args as { [name: string]: unknown } })
          .then(answerOf, refusedAnswer);
      }),
    tools: (delegation) =>
      whileOpen(async () => {
        const { tools: listed } = await (await callerOf(delegation)).listTools();
        return listed.map(({ name }) => name);
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function newServer(authorizer: Authorizer, options: GuardServerOptions): FastMCP {
  // A test that fails says so itself; what FastMCP logs would stand in between.
  const logger = { debug: () => {}, error: () => {}, info: () => {}, log: () => {}, warn: () => {} };
  return guard(new FastMCP({ name: "test", version: "1.0.0", logger }), authorizer, options);
}

async function listen(server: FastMCP, http: NonNullable<GuardedServerOptions["http"]>): Promise<string> {
  const port = await freePort();
  await server.start({ transportType: "httpStream", httpStream: { ...http, port, host: "127.0.0.1" } });
  return `http://127.0.0.1:${port}/mcp`;
}
