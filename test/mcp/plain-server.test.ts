/** A server of the plain MCP SDK behind `guardTransport`: which tools run, and what its clients are offered. */
import { anyArguments, grant, wildcard } from "@hopwise/core/grant";
import { createCompany } from "@hopwise/core/testing";
import { createGuardedTools, type GuardedTools, guardTransport, type JsonRpcMessage } from "@hopwise/mcp";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CallToolRequestSchema,
  ListToolsRequestSchema,
  type ServerCapabilities,
} from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import { PAY_SERVER } from "../../examples/finance-team/company.ts";
import {
  callTool,
  carrying,
  codeOf,
  connected,
  errorCodeOf,
  failure,
  newClient,
  proven,
  request,
} from "../support/mcp/client.ts";
import { OPEN_TO_ALICE, OPEN_TO_NOBODY, plannerWith } from "../support/mcp/server.ts";
import { worldHere } from "../support/world.ts";

const MAP = { asks: OPEN_TO_ALICE, asks_not: OPEN_TO_ALICE, closed: OPEN_TO_NOBODY };
const world = await worldHere();
const ran: unknown[] = [];

const held = await plannerWith(world, ...Object.keys(MAP));

async function served(
  server: { connect(transport: Transport): Promise<void> },
  tools: GuardedTools,
  delegation = held,
): Promise<Client> {
  const { authorizer } = world.authorizer({ tools: MAP });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.connect(guardTransport(far, { authorizer, tools }));
  const client = await connected(carrying(near, delegation), newClient());
  onTestFinished(() => client.close());
  ran.length = 0;
  return client;
}

const INFO = { name: "plain", version: "1.0.0" };
/** A function that is there at once, and ends when it is told to. */
function slowly() {
  const { promise, resolve: go } = Promise.withResolvers<void>();
  const run = async (args: object) => {
    ran.push(args);
    await promise;
    return text("it ran");
  };
  return { go, run };
}

const text = (said: string) => ({ content: [{ type: "text" as const, text: said }] });
const NAMED = { name: z.string() };

describe("a tool of a plain server", () => {
  it("runs with the arguments that were decided where its function was wrapped, and never where it was not", async () => {
    const tools = createGuardedTools();
    const server = new McpServer(INFO);
    const run = async (args: object) => {
      ran.push(args);
      return text("it ran");
    };
    for (const name of ["asks", "closed"] as const) {
      server.registerTool(name, { inputSchema: NAMED }, tools.wrap(name, run));
    }
    server.registerTool("asks_not", { inputSchema: NAMED }, run);
    const client = await served(server, tools);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["asks"]);
    expect(codeOf(await callTool(client, "asks_not", { name: "x" }))).toBe("policy_denied");
    expect(codeOf(await callTool(client, "closed", { name: "x" }))).toBe("policy_denied");
    expect(ran).toEqual([]);
    expect(await callTool(client, "asks", { name: "x", more: 1 })).toMatchObject(text("it ran"));
    expect(ran).toEqual([{ name: "x" }]);
    expect(Object.isFrozen(ran[0])).toBe(true);
  });

  it("is guarded by its server's connect where a framework makes the transport, and runs for nobody where it is not", async () => {
    for (const [isGuarded, code] of [
      [true, undefined],
      [false, "method_unguarded"],
    ] as const) {
      const tools = createGuardedTools();
      const server = new McpServer(INFO);
      server.registerTool(
        "asks",
        { inputSchema: NAMED },
        tools.wrap("asks", async () => text(`it ran ${ran.push(1)}`)),
      );
      const connect = server.connect.bind(server);
      const { authorizer } = world.authorizer({ tools: MAP });
      if (isGuarded) server.connect = (transport) => connect(guardTransport(transport, { authorizer, tools }));
      ran.length = 0;
      const [near, far] = InMemoryTransport.createLinkedPair();
      await server.connect(far); // the framework
      const client = await connected(carrying(near, held), newClient());
      onTestFinished(() => client.close());
      expect([codeOf(await callTool(client, "asks", { name: "x" })), ran.length]).toEqual([code, isGuarded ? 1 : 0]);
    }
  });

  it("may have a default of its own that no grant names, as its server lists it, or its author says", async () => {
    const inputSchema = { name: z.string(), limit: z.number().default(10) };
    const listed = { type: "object", properties: { limit: { default: 10 } } };
    const named = await world.issuer.issue({
      subject: "alice",
      agent: "planner",
      holder: world.keys.planner,
      grant: grant({ "mcp:tools/list": anyArguments, asks: { name: wildcard() } }),
    });
    const serverWith = async (...announced: Parameters<GuardedTools["wrap"]>[2][]): Promise<Client> => {
      const tools = createGuardedTools();
      const server = new McpServer(INFO);
      const run = async (args: object) => text(`it ran ${ran.push(args)}`);
      server.registerTool("asks", { inputSchema }, tools.wrap("asks", run, ...announced));
      return served(server, tools, named);
    };
    const untold = await serverWith();
    await callTool(untold, "asks", { name: "x" });
    expect(ran).toEqual([{ name: "x", limit: 10 }]);
    expect(codeOf(await callTool(untold, "asks", { name: "x", limit: 10 }))).toBe("grant_argument_refused");
    const said = await serverWith(() => ({ inputSchema: listed }));
    await callTool(said, "asks", { name: "x" });
    expect(ran).toEqual([{ name: "x", limit: 10 }]);
  });

  it("may take no arguments: the SDK gives it the context of the call in their place", async () => {
    const tools = createGuardedTools();
    const server = new McpServer(INFO);
    const run = async ({ signal }: { readonly signal: AbortSignal }) => text(`it ran ${ran.push(signal.aborted)}`);
    server.registerTool("asks", {}, tools.wrap("asks", run));
    const company = await createCompany({ audience: PAY_SERVER, tools: { asks: { kind: "clock", action: "read" } } });
    const [near, far] = InMemoryTransport.createLinkedPair();
    const authorizer = company.authorizer();
    await server.connect(guardTransport(far, { authorizer, tools }));
    const client = await connected(carrying(near, await company.chain("alice", "planner")), newClient());
    onTestFinished(() => client.close());
    ran.length = 0;
    expect(await callTool(client, "asks")).toMatchObject(text("it ran 1"));
    expect(await callTool(client, "asks", { name: "x" })).toMatchObject(text("it ran 2"));
    expect(ran).toEqual([false, false]);
  });

  it("does not run under another name than it was wrapped under, and its author is told which", async () => {
    const tools = createGuardedTools();
    const server = new McpServer(INFO);
    const run = async (args: object) => text(`it ran ${ran.push(args)}`);
    tools.wrap("asks", run);
    server.registerTool("asks", { inputSchema: NAMED }, tools.wrap("closed", run));
    const { authorizer, audit } = world.authorizer({ tools: MAP });
    const [near, far] = InMemoryTransport.createLinkedPair();
    await server.connect(guardTransport(far, { authorizer, tools }));
    const errors: string[] = [];
    far.onerror = ({ message }) => errors.push(message);
    const client = await connected(carrying(near, held), newClient());
    onTestFinished(() => client.close());
    ran.length = 0;
    expect(codeOf(await callTool(client, "asks", { name: "x" }))).toBe("policy_denied");
    const message =
      'the server has under "asks" the function that wrap got as "closed", so it did not run; wrap it under "asks"';
    expect([ran, errors]).toEqual([[], [message]]);
    expect(audit.records.map(({ code, message: said }) => [code, said])).toEqual([["tool_unguarded", message]]);
  });

  it("runs once, and tells nobody what came of it, where the bare function stands under a name that was wrapped", async () => {
    const tools = createGuardedTools();
    const run = async (args: object) => text(`it ran ${ran.push(args)}`);
    tools.wrap("asks", run);
    const bare = (): McpServer => {
      const server = new McpServer(INFO);
      server.registerTool("asks", { inputSchema: NAMED }, run);
      return server;
    };
    const client = await served(bare(), tools);
    const first = await callTool(client, "asks", { name: "x" });
    expect([codeOf(first), JSON.stringify(first).includes("it ran"), ran.length]).toEqual([
      "result_withheld",
      false,
      1,
    ]);
    expect(JSON.stringify(first)).toContain("The tool ran");
    expect(codeOf(await callTool(client, "asks", { name: "x" }))).toBe("policy_denied");
    expect(ran).toHaveLength(1);
    expect((await client.listTools()).tools).toEqual([]);
    // Another transport, whose server is made anew as it was.
    const next = await served(bare(), tools);
    expect(codeOf(await callTool(next, "asks", { name: "x" }))).toBe("policy_denied");
    expect(ran).toEqual([]);
  });

  it("runs once also where many call it at the same moment, over several transports", async () => {
    const tools = createGuardedTools();
    const { go, run } = slowly();
    const clients: Client[] = [];
    tools.wrap("asks", run);
    for (let i = 0; i < 2; i++) {
      const server = new McpServer(INFO);
      server.registerTool("asks", { inputSchema: NAMED }, run);
      clients.push(await served(server, tools));
    }
    const all = clients.flatMap((client) => [1, 2, 3, 4].map(() => callTool(client, "asks", { name: "x" })));
    await vi.waitFor(() => expect(ran).toHaveLength(1));
    await new Promise((resolve) => setTimeout(resolve, 100));
    go();
    const codes = (await Promise.all(all)).map(codeOf).sort();
    expect(codes).toEqual([...all.slice(1).map(() => "policy_denied"), "result_withheld"]);
    expect(ran).toHaveLength(1);
  });

  it("may be called by many at once where it asks: only the first is waited for, until it asked", async () => {
    const tools = createGuardedTools();
    const server = new McpServer(INFO);
    const { go, run } = slowly();
    server.registerTool("asks", { inputSchema: NAMED }, tools.wrap("asks", run));
    const client = await served(server, tools);
    // The first does not get as far as the function.
    expect(await callTool(client, "asks", { name: 7 })).toMatchObject({ isError: true });
    const all = [1, 2, 3].map(() => callTool(client, "asks", { name: "x" }));
    await vi.waitFor(() => expect(ran).toHaveLength(3));
    go();
    expect(await Promise.all(all)).toMatchObject(all.map(() => text("it ran")));
  });

  it("does not run by a handler of its own, unless that asks", async () => {
    const handler = async ({ params }: { params: { name: string; arguments?: unknown } }) => {
      ran.push(params.name);
      return text("it ran");
    };
    const [open, asking] = [createGuardedTools(), createGuardedTools()];
    const plain = (): Server => {
      const server = new Server(INFO, { capabilities: { tools: {} } });
      server.setRequestHandler(ListToolsRequestSchema, async () => ({
        tools: Object.keys(MAP).map((name) => ({ name, inputSchema: { type: "object" as const } })),
      }));
      return server;
    };
    const bare = plain();
    bare.setRequestHandler(CallToolRequestSchema, handler);
    const unasked = await served(bare, open);
    expect((await unasked.listTools()).tools).toEqual([]);
    for (const name of Object.keys(MAP)) {
      expect(codeOf(await callTool(unasked, name, { name: "x" })), name).toBe("policy_denied");
    }
    expect(ran).toEqual([]);

    const wrapped = plain();
    const asks = asking.wrap("asks", async (args: unknown) => handler({ params: { name: "asks", arguments: args } }));
    wrapped.setRequestHandler(CallToolRequestSchema, async ({ params }) => (await asks(params.arguments)) as never);
    const client = await served(wrapped, asking);
    expect(await callTool(client, "asks", { name: "x" })).toMatchObject(text("it ran"));
    expect(codeOf(await callTool(client, "asks_not", { name: "x" }))).toBe("policy_denied");
    expect(ran).toEqual(["asks"]);
  });

  it("cannot be guarded where nothing says which tools ask", () => {
    const { authorizer } = world.authorizer();
    for (const options of [{ authorizer }, { authorizer, isWrapped: () => true }]) {
      const [, far] = InMemoryTransport.createLinkedPair();
      expect(() => guardTransport(far, options as never)).toThrow(
        expect.objectContaining({
          code: "config_invalid",
          message: expect.stringMatching(/tools is missing|it knows .*authorizer, tools/),
        }),
      );
    }
  });
});

/** How a caller leaves, and what the MCP SDK then does: it answers nothing more. */
const LEAVING: {
  readonly [how: string]: (stop: AbortController, client: Client, server: McpServer) => Promise<void>;
} = {
  "cancels its call": async (stop) => stop.abort(),
  "closes its connection": (_, client) => client.close(),
  "is cut off by a server that closes": async (_, __, server) => void server.close(),
};

describe.each(Object.entries(LEAVING))("a caller who %s before the tool asked", (_, leave) => {
  /** Two clients of two servers with the same tools. The first calls, and leaves as soon as `begun`. */
  const leaving = async (tools: GuardedTools, make: () => McpServer, begun: Promise<void>) => {
    const [first, second] = [make(), make()];
    const client = await served(first, tools);
    const other = await served(second, tools);
    const stop = new AbortController();
    const called = client.callTool({ name: "asks", arguments: { name: "nobody" } }, undefined, { signal: stop.signal });
    called.catch(() => {});
    await begun;
    await leave(stop, client, first);
    return other;
  };

  it("holds up nobody longer than the tool's schema does", async () => {
    const tools = createGuardedTools();
    const [begun, refuse] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const name = z.string().refine(async (value) => {
      if (value !== "nobody") return true;
      begun.resolve();
      await refuse.promise;
      return false;
    });
    const make = (): McpServer => {
      const server = new McpServer(INFO);
      const run = async (args: object) => text(`it ran ${ran.push(args)}`);
      server.registerTool("asks", { inputSchema: { name } }, tools.wrap("asks", run));
      return server;
    };
    const other = await leaving(tools, make, begun.promise);
    const called = callTool(other, "asks", { name: "x" });
    refuse.resolve();
    expect(await called).toMatchObject(text("it ran 1"));
    expect(ran).toEqual([{ name: "x" }]);
  });

  it("does not bring about that a function which does not ask runs twice", async () => {
    const tools = createGuardedTools();
    const begun = Promise.withResolvers<void>();
    const { go, run } = slowly();
    tools.wrap("asks", run);
    const make = (): McpServer => {
      const server = new McpServer(INFO);
      const bare = (args: object) => {
        begun.resolve();
        return run(args);
      };
      server.registerTool("asks", { inputSchema: NAMED }, bare);
      return server;
    };
    const other = await leaving(tools, make, begun.promise);
    const called = callTool(other, "asks", { name: "x" });
    go();
    expect(codeOf(await called)).toBe("policy_denied");
    expect(ran).toEqual([{ name: "nobody" }]);
  });
});

/** What a server offers, and what of it leaves. Undefined: nothing. A new capability without its row does not compile. */
const OFFERED: { readonly [name in keyof Required<ServerCapabilities>]: readonly [given: object, shown?: object] } = {
  completions: [{}],
  experimental: [{ "company/x": {} }],
  extensions: [{ "io.modelcontextprotocol/ui": {} }],
  logging: [{}, {}],
  prompts: [{ listChanged: true, of_tomorrow: true }, { listChanged: true }],
  resources: [{ listChanged: true, subscribe: true }, { listChanged: true }],
  tasks: [{ list: {}, cancel: {}, requests: { tools: { call: {} } } }],
  tools: [{ listChanged: true }, { listChanged: true }],
};
/** The members of each, which are promises of their own. */
const FEATURES: {
  readonly [name in "prompts" | "resources" | "tools"]: {
    readonly [feature in keyof Required<NonNullable<ServerCapabilities[name]>>]: boolean;
  };
} = {
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: false },
  tools: { listChanged: true },
};

describe("the answer to initialize", () => {
  const rows = Object.entries(OFFERED) as [keyof ServerCapabilities, readonly [object, object?]][];
  const all = Object.fromEntries(rows.map(([name, [given]]) => [name, given])) as ServerCapabilities;
  const withTool = (): GuardedTools => {
    const tools = createGuardedTools();
    tools.wrap("asks", () => text("it ran"));
    return tools;
  };

  it.each(rows)("offers of %s only what the guard serves", async (name, [given, shown]) => {
    const client = await served(new Server(INFO, { capabilities: { [name]: given } }), withTool());
    expect(client.getServerCapabilities()).toEqual(shown === undefined ? {} : { [name]: shown });
  });

  it("offers each feature that the guard serves, and no other", async () => {
    const client = await served(new Server(INFO, { capabilities: all }), withTool());
    for (const [name, features] of Object.entries(FEATURES)) {
      for (const [feature, isServed] of Object.entries(features)) {
        const shown = client.getServerCapabilities()?.[name as "tools"] ?? {};
        expect([name, feature, feature in shown]).toEqual([name, feature, isServed]);
      }
    }
  });

  it("offers nothing that is not known yet, and no tools where there are none", async () => {
    const capabilities = { ...all, of_tomorrow: {} } as ServerCapabilities;
    const client = await served(new Server(INFO, { capabilities }), createGuardedTools());
    expect(Object.keys(client.getServerCapabilities() ?? {}).sort()).toEqual(["logging", "prompts", "resources"]);
  });

  it("holds for server/discover, by which newer clients begin", async () => {
    const [near, far] = InMemoryTransport.createLinkedPair();
    const { authorizer } = world.authorizer({ tools: MAP });
    const guarded = guardTransport(far, { authorizer, tools: createGuardedTools() });
    guarded.onmessage = ({ id = 0 }) =>
      void guarded.send({ jsonrpc: "2.0", id, result: { capabilities: { tools: {}, completions: {}, logging: {} } } });
    const answered = new Promise((resolve) => {
      near.onmessage = resolve;
    });
    await Promise.all([near.start(), guarded.start()]);
    await near.send(request(1, "server/discover") as never);
    expect(await answered).toMatchObject({ result: { capabilities: { logging: {} } } });
    expect(await answered).not.toHaveProperty("result.capabilities.tools");
    expect(await answered).not.toHaveProperty("result.capabilities.completions");
  });
});

describe("a method that a server does not have", () => {
  const params: { readonly [method: string]: object } = {
    "prompts/get": { name: "x" },
    "logging/setLevel": { level: "debug" },
  };
  it.each([
    "resources/list",
    "prompts/list",
    "resources/templates/list",
    "prompts/get",
    "logging/setLevel",
    "server/discover",
    "tasks/list",
  ])("%s, is answered with −32601 and a code, and is on record or counted", async (method) => {
    const delegation = await plannerWith(world, "mcp:prompts/get");
    const [near, far] = InMemoryTransport.createLinkedPair();
    const { authorizer, audit } = world.authorizer({ tools: { ...MAP, "mcp:prompts/get": OPEN_TO_ALICE } });
    const server = new Server(INFO, { capabilities: {} });
    await server.connect(guardTransport(far, { authorizer, tools: createGuardedTools() }));
    onTestFinished(() => server.close());
    const answered = new Promise<JsonRpcMessage>((resolve) => {
      near.onmessage = resolve as never;
    });
    await near.start();
    await near.send((await proven(delegation, request(1, method, params[method] ?? {}))) as never);
    const { error } = await answered;
    expect(error).toMatchObject({ code: -32601, data: { code: "method_unguarded", retryable: false } });
    expect(error?.message).toContain(method);
    const { invocation } = Object(error?.data) as { invocation?: string };
    const counted = [...audit.unverifiedCounts].map(([code]) => code);
    const written = audit.records.map((record) => [record.invocation, record.tool]);
    expect(invocation === undefined ? counted : written).toEqual(
      invocation === undefined ? ["method_unguarded"] : [[invocation, `mcp:${method}`]],
    );
  });
});

describe("arguments that are null", () => {
  it.each([
    ["tools/call", { name: "asks", arguments: null }],
    ["prompts/get", { name: "monthly-report", arguments: null }],
  ])("of %s are refused before the server sees them, whatever the proof says", async (method, params) => {
    const [near, far] = InMemoryTransport.createLinkedPair();
    const { authorizer } = world.authorizer({ tools: MAP });
    const tools = createGuardedTools();
    tools.wrap("asks", () => text("it ran"));
    const guarded = guardTransport(far, { authorizer, tools });
    guarded.onmessage = (message) => void ran.push(message);
    ran.length = 0;
    const answered = new Promise((resolve) => {
      near.onmessage = resolve;
    });
    await Promise.all([near.start(), guarded.start()]);
    const { arguments: _, ...without } = params;
    const signed = await proven(held, request(1, method, without));
    await near.send({ ...signed, params: { ...signed.params, arguments: null } } as never);
    expect(JSON.stringify(await answered)).toContain("arguments_malformed");
    expect(ran).toEqual([]);
  });

  it("are not proven by a client, and refused", async () => {
    const client = await served(new Server(INFO, { capabilities: { tools: {} } }), createGuardedTools());
    const error = await failure(client.callTool({ name: "asks", arguments: null as never }));
    expect(errorCodeOf(error)).toBe("arguments_malformed");
  });
});
