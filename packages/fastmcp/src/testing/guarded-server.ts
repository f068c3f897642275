import { type Authorizer, type DelegationSource, HopwiseError } from "@hopwise/core";
import { carryingFetch, carryOver, type McpTransport } from "@hopwise/mcp";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { FastMCP } from "fastmcp";
import { type GuardServerOptions, guard } from "../guard.ts";
import { GUARDING } from "../patch-sessions.ts";
import { freePort } from "./free-port.ts";
import { type StubTool, toolOf } from "./stub-tool.ts";
import { answerOf, refusedAnswer, type ToolAnswer } from "./tool-answer.ts";

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

/** A FastMCP server behind the guard, with its clients. `await using` stops it and closes them. */
export interface GuardedServer extends AsyncDisposable {
  readonly server: FastMCP;
  /** Where it serves. @throws {HopwiseError} `config_invalid` for a server in memory */
  readonly url: string;
  /** Connects a client of the official SDK, which carries the chain and a proof with each request. */
  client(delegation?: DelegationSource, options?: ClientOptions): Promise<Client>;
  /** Calls one tool. All calls of one delegation share a client. */
  call(delegation: DelegationSource | undefined, tool: string, args?: object): Promise<ToolAnswer>;
  close(): Promise<void>;
}

/** How one client connects. */
export interface ClientOptions {
  /** Over HTTP: what each request carries besides, such as an `authorization` for `userFromAuth`. */
  readonly headers?: { readonly [name: string]: string };
}

/** An authorizer; one of `@hopwise/core/testing` also tells its clock, by which the clients then make their proofs. */
export type GuardingAuthorizer = Authorizer & { readonly clock?: () => number };

/**
 * Serves tools behind the guard, for one test.
 *
 * @example
 * ```ts
 * const company = await createCompany();
 * await using server = await guardedServer(company.authorizer({ cerbos: pdp.client }), {
 *   tools: { send_payment: ({ to, amount }) => `paid ${amount} to ${to}` },
 * });
 * const planner = await company.chain("alice", "planner");
 * const { text, code } = await server.call(planner, "send_payment", { to: "Globex", amount: 400 });
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for a tool that the tool map does not know, or a server without a guard
 */
export async function guardedServer(
  authorizer: GuardingAuthorizer,
  options: GuardedServerOptions = {},
): Promise<GuardedServer> {
  const { tools = {}, add, http, server = newServer(authorizer, options) } = options;
  if (!(GUARDING in server)) {
    throw new HopwiseError("config_invalid", "the server has no guard; put it behind guard(server, authorizer) first");
  }
  for (const [name, stub] of Object.entries(tools)) server.addTool(toolOf(name, stub));
  add?.(server);
  const url = http && (await listen(server, http));
  const clients: Client[] = [];
  const sessions: ReturnType<FastMCP["connect"]>[] = [];
  const callers = new Map<DelegationSource | undefined, Promise<Client>>();

  const client: GuardedServer["client"] = async (delegation, { headers } = {}) => {
    const { clock } = authorizer;
    const [audience = ""] = authorizer.audience;
    const carry = delegation && { delegation, audience, ...(clock !== undefined && { clock }) };
    const made = new Client({ name: "test", version: "1.0.0" });
    clients.push(made);
    if (url !== undefined) {
      const fetch = carry && carryingFetch(carry);
      const requestInit = { headers: { ...headers } };
      const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit, ...(fetch && { fetch }) });
      await made.connect(transport as Transport);
      return made;
    }
    const [own, far] = InMemoryTransport.createLinkedPair() as readonly [Transport, Transport];
    const serving = server.connect(far);
    sessions.push(serving);
    const connected = made.connect(carry ? (carryOver(own as McpTransport, carry) as Transport) : own);
    // FastMCP looks for the client's capabilities every 100 ms. The session serves before that, and can only fail.
    await Promise.race([connected, serving.then(() => connected)]);
    return made;
  };

  const callerOf = (delegation: DelegationSource | undefined): Promise<Client> => {
    const known = callers.get(delegation) ?? client(delegation);
    callers.set(delegation, known);
    return known;
  };

  const close = async (): Promise<void> => {
    await Promise.allSettled(clients.map((it) => it.close()));
    // FastMCP begins to ping a client 100 ms after it came, also one that has left by then. Only the session's end stops it.
    await Promise.allSettled(sessions.map(async (it) => (await it).close()));
    if (server.serverState === "running") await server.stop();
  };

  return {
    server,
    get url() {
      if (url !== undefined) return url;
      throw new HopwiseError("config_invalid", "the server is in memory; give guardedServer the option http: {}");
    },
    client,
    call: async (delegation, tool, args = {}) => {
      const caller = await callerOf(delegation);
      return caller.callTool({ name: tool, arguments: { ...args } }).then(answerOf, refusedAnswer);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function newServer(authorizer: Authorizer, { userFromAuth }: GuardedServerOptions): FastMCP {
  // A test that fails says so itself; what FastMCP logs would stand in between.
  const logger = { debug: () => {}, error: () => {}, info: () => {}, log: () => {}, warn: () => {} };
  const server = new FastMCP({ name: "test", version: "1.0.0", logger });
  return guard(server, authorizer, userFromAuth === undefined ? {} : { userFromAuth });
}

async function listen(server: FastMCP, http: NonNullable<GuardedServerOptions["http"]>): Promise<string> {
  const port = await freePort();
  await server.start({ transportType: "httpStream", httpStream: { ...http, port, host: "127.0.0.1" } });
  return `http://127.0.0.1:${port}/mcp`;
}
