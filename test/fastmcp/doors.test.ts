/**
 * Every way by which a tool, a resource or a prompt gets into a FastMCP server, before the guard, after it, and while the
 * server runs. A member of FastMCP without a row does not compile.
 */
import type { EventEmitter } from "node:events";
import { exact, grant } from "@hopwise/core/grant";
import { guard } from "@hopwise/fastmcp";
import { type GuardedServer, type GuardedServerOptions, guardedServer } from "@hopwise/fastmcp/testing";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { FastMCP, type FastMCPSession } from "fastmcp";
import { fromOpenAPI } from "fastmcp/openapi";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import { codeOf, errorCodeOf, textOf } from "../support/mcp/client.ts";
import { OPEN_TO_ALICE, plannerWith } from "../support/mcp/server.ts";
import { quiet } from "../support/quiet.ts";
import { worldHere } from "../support/world.ts";

const MAP = {
  base: OPEN_TO_ALICE,
  added: OPEN_TO_ALICE,
  "mcp:resources/read": { kind: "mcp_resource", action: "read", id: () => "policy://payments" },
  "mcp:prompts/get": OPEN_TO_ALICE,
};

const world = await worldHere();
const ran: string[] = [];

const held = await plannerWith(world, ...Object.keys(MAP));

/** Each thing, in the form in which FastMCP takes it. */
const tool = (name: string) => ({
  name,
  parameters: z.object({ name: z.string() }),
  execute: async () => {
    ran.push(name);
    return `${name} ran`;
  },
});
const load = (name: string) => async () => {
  ran.push(name);
  return { text: `${name} ran` };
};
const resource = (name: string) => ({ uri: `fixed://${name}`, name, load: load(name) });
const template = (name: string) => ({ uriTemplate: `${name}://{id}`, name, arguments: [], load: load(name) });
const prompt = (name: string) => ({ name, load: async () => (await load(name)()).text });

/** A server with one thing of each kind: FastMCP lets a session have kinds that it began with, and no others. */
function based(): FastMCP {
  const server = new FastMCP({ name: "doors", version: "1.0.0", logger: quiet });
  server.addTool(tool("base"));
  server.addResource(resource("base"));
  server.addResourceTemplate(template("base"));
  server.addPrompt(prompt("base"));
  return server;
}

/** How a thing is listed and asked for, and how it is taken away. */
const USE = {
  tool: {
    list: async (client) => (await client.listTools()).tools.map(({ name }) => name),
    ask: async (client) => {
      const answer = await client.callTool({ name: "added", arguments: { name: "x" } });
      return { text: textOf(answer), code: codeOf(answer) };
    },
  },
  resource: {
    list: async (client) => (await client.listResources()).resources.map(({ name }) => name),
    ask: (client) => read(client.readResource({ uri: "fixed://added" })),
  },
  template: {
    list: async (client) => (await client.listResourceTemplates()).resourceTemplates.map(({ name }) => name),
    ask: (client) => read(client.readResource({ uri: "added://1" })),
  },
  prompt: {
    list: async (client) => (await client.listPrompts()).prompts.map(({ name }) => name),
    ask: (client) => read(client.getPrompt({ name: "added" })),
  },
} satisfies { [thing: string]: { list(client: Client): Promise<string[]>; ask(client: Client): Promise<Answer> } };

type Client = Awaited<ReturnType<GuardedServer["client"]>>;
type Answer = { readonly text?: string; readonly code?: string | undefined };

async function read(asked: Promise<object>): Promise<Answer> {
  return asked.then(
    (result) => ({ text: JSON.stringify(result) }),
    (error: unknown) => ({ code: errorCodeOf(error) ?? "none" }),
  );
}

/** The members that a class has beside those of an emitter of events. */
type Own<Host> = Exclude<keyof Host, keyof EventEmitter | ` _${string}`>;
type Thing = keyof typeof USE;
/** A way in, or a way out for what came in by another; `undefined` for a member by which nothing comes in. */
type Door<Host> =
  | { readonly in: Thing; readonly open: (host: Host) => void }
  | { readonly out: Thing; readonly open: (host: Host) => void }
  | undefined;

const SERVER: { readonly [member in Own<FastMCP>]: Door<FastMCP> } = {
  addTool: { in: "tool", open: (server) => server.addTool(tool("added")) },
  addTools: { in: "tool", open: (server) => server.addTools([tool("added")]) },
  addResource: { in: "resource", open: (server) => server.addResource(resource("added")) },
  addResources: { in: "resource", open: (server) => server.addResources([resource("added")]) },
  addResourceTemplate: { in: "template", open: (server) => server.addResourceTemplate(template("added")) },
  addResourceTemplates: { in: "template", open: (server) => server.addResourceTemplates([template("added")]) },
  addPrompt: { in: "prompt", open: (server) => server.addPrompt(prompt("added")) },
  addPrompts: { in: "prompt", open: (server) => server.addPrompts([prompt("added")]) },
  removeTool: { out: "tool", open: (server) => server.removeTool("added") },
  removeTools: { out: "tool", open: (server) => server.removeTools(["added"]) },
  removeResource: { out: "resource", open: (server) => server.removeResource("added") },
  removeResources: { out: "resource", open: (server) => server.removeResources(["added"]) },
  removeResourceTemplate: { out: "template", open: (server) => server.removeResourceTemplate("added") },
  removeResourceTemplates: { out: "template", open: (server) => server.removeResourceTemplates(["added"]) },
  removePrompt: { out: "prompt", open: (server) => server.removePrompt("added") },
  removePrompts: { out: "prompt", open: (server) => server.removePrompts(["added"]) },
  connect: undefined,
  embedded: undefined,
  getApp: undefined,
  options: undefined,
  sendResourceUpdated: undefined,
  serverState: undefined,
  sessions: undefined,
  start: undefined,
  stop: undefined,
};

/** The doors of a session that runs. Its `server` has a test of its own. */
const SESSION: { readonly [member in Own<FastMCPSession>]: Door<FastMCPSession> } = {
  toolsListChanged: { in: "tool", open: (session) => session.toolsListChanged([tool("base"), tool("added")]) },
  resourcesListChanged: { in: "resource", open: (session) => session.resourcesListChanged([resource("added")]) },
  resourceTemplatesListChanged: {
    in: "template",
    open: (session) => session.resourceTemplatesListChanged([template("added") as never]),
  },
  promptsListChanged: { in: "prompt", open: (session) => session.promptsListChanged([prompt("added")]) },
  clientCapabilities: undefined,
  close: undefined,
  connect: undefined,
  isReady: undefined,
  loggingLevel: undefined,
  requestElicitation: undefined,
  requestSampling: undefined,
  roots: undefined,
  sendResourceUpdated: undefined,
  server: undefined,
  sessionId: undefined,
  triggerListChangedNotification: undefined,
  updateAuth: undefined,
  waitForReady: undefined,
};

async function guarded(
  server: FastMCP,
  before: (server: FastMCP) => void,
  after: (server: FastMCP) => void,
  options: Pick<GuardedServerOptions, "http" | "onWarning"> = {},
) {
  const { authorizer, audit } = world.authorizer({ tools: MAP });
  before(server);
  const { http, ...guardOptions } = options;
  guard(server, authorizer, guardOptions);
  after(server);
  const served = await guardedServer(authorizer, { server, ...(http && { http }) });
  onTestFinished(served.close);
  const [theirs, other] = await Promise.all([served.client(held), served.client(world.researcher)]);
  // FastMCP counts a session in only after it asked what its client can do.
  if (http?.stateless !== true) await vi.waitFor(() => expect(server.sessions).toHaveLength(2));
  ran.length = 0;
  return { server, audit, theirs, other };
}

const none = (): void => {};

/** It is there for the one to whom it was given, for nobody else, and on record. */
async function expectGuarded(thing: Thing, { theirs, other, audit }: Awaited<ReturnType<typeof guarded>>) {
  const { list, ask } = USE[thing];
  expect(await list(theirs)).toContain("added");
  expect(await list(other)).not.toContain("added");
  const before = audit.records.length;
  expect((await ask(other)).code).toMatch(/^grant_/);
  expect(ran).toEqual([]);
  const answer = await ask(theirs);
  expect([answer.code, answer.text]).toEqual([undefined, expect.stringContaining("added ran")]);
  expect(ran.splice(0)).toEqual(["added"]);
  const decisions = audit.records.slice(before).filter((record) => "outcome" in record && record.kind === "decision");
  expect(decisions).toMatchObject([{ outcome: "denied" }, { outcome: "allowed" }]);
}

type Row<Host> = readonly [string, NonNullable<Door<Host>>];
const rows = <Host>(doors: { readonly [member: string]: Door<Host> }, way: "in" | "out"): readonly Row<Host>[] =>
  Object.entries(doors).filter(
    (row): row is [string, NonNullable<Door<Host>>] => row[1] !== undefined && way in row[1],
  );
const thingOf = (door: NonNullable<Door<never>>): Thing => ("in" in door ? door.in : door.out);

describe("what comes into a server by", () => {
  it.each(rows(SERVER, "in"))(
    "%s is guarded: before the guard, after it, and while the server runs",
    async (_, door) => {
      await expectGuarded(thingOf(door), await guarded(based(), door.open, none));
      await expectGuarded(thingOf(door), await guarded(based(), none, door.open));
      const running = await guarded(based(), none, none);
      expect(await USE[thingOf(door)].list(running.theirs)).toEqual(["base"]);
      door.open(running.server);
      await expectGuarded(thingOf(door), running);
    },
  );

  it.each(rows(SESSION, "in"))("%s of a session is guarded", async (_, door) => {
    const running = await guarded(based(), none, none);
    for (const session of running.server.sessions) door.open(session);
    await expectGuarded(thingOf(door), running);
  });

  it("fromOpenAPI is guarded", async () => {
    const spec = {
      openapi: "3.1.0",
      info: { title: "t", version: "1" },
      servers: [{ url: "https://api.example" }],
      paths: {
        "/added": {
          get: {
            operationId: "added",
            parameters: [{ name: "name", in: "query", required: true, schema: { type: "string" } }],
            responses: { "200": { description: "it" } },
          },
        },
      },
    };
    const fetch = async (): Promise<Response> => {
      ran.push("added");
      return Response.json("added ran");
    };
    const server = await fromOpenAPI({ spec, fetch });
    await expectGuarded("tool", await guarded(server, none, none));
    const later = await guarded(based(), none, none);
    await fromOpenAPI({ spec, fetch, server: later.server as never });
    await expectGuarded("tool", later);
  });

  it("the SDK's server of a session cannot: its handler of tools/call stays FastMCP's", async () => {
    const running = await guarded(based(), none, none);
    const [session] = running.server.sessions as [FastMCPSession];
    const handler = async () => ({ content: [] });
    for (const schema of [CallToolRequestSchema, z.object({ method: z.string() }), undefined]) {
      expect(() => session.server.setRequestHandler(schema as never, handler)).toThrow(/keeps FastMCP's own handler/);
    }
    expect(() => session.server.removeRequestHandler("tools/call")).toThrow(/keeps FastMCP's own handler/);
    session.server.setRequestHandler(ListToolsRequestSchema, async () => ({
      tools: ["base", "unheard_of"].map((name) => ({ name, inputSchema: { type: "object" as const } })),
    }));
    expect(await USE.tool.list(running.theirs)).toEqual(["base"]);
    running.server.addTool(tool("added"));
    await expectGuarded("tool", running);
  });
});

describe("what was taken out by", () => {
  it.each(rows(SERVER, "out"))("%s is gone, and guarded when it is added again", async (_, door) => {
    const thing = thingOf(door);
    const [, add] = rows(SERVER, "in").find(([, it]) => thingOf(it) === thing) as Row<FastMCP>;
    const running = await guarded(based(), add.open, none);
    door.open(running.server);
    expect(await USE[thing].list(running.theirs)).toEqual(["base"]);
    expect((await USE[thing].ask(running.theirs)).code).toBeDefined();
    expect(ran).toEqual([]);
    add.open(running.server);
    await expectGuarded(thing, running);
  });
});

describe("a tool", () => {
  it("may be frozen, or an instance of a class with members of its own", async () => {
    class Added {
      readonly name = "added";
      readonly parameters = z.object({ name: z.string() });
      readonly #said = "added ran";
      get description(): string {
        return "of a class";
      }
      async execute(): Promise<string> {
        ran.push("added");
        return this.#said;
      }
    }
    const classy = await guarded(based(), (server) => server.addTool(new Added() as never), none);
    expect((await classy.theirs.listTools()).tools.at(-1)).toMatchObject({ description: "of a class" });
    await expectGuarded("tool", classy);
    await expectGuarded("tool", await guarded(based(), (server) => server.addTool(Object.freeze(tool("added"))), none));
  });

  it("that replaces another under the same name is the one that is guarded", async () => {
    const first = { ...tool("added"), execute: async () => "the first ran" };
    const running = await guarded(based(), (server) => server.addTool(first), none);
    running.server.addTool(tool("added"));
    await expectGuarded("tool", running);
  });
});

describe("canAccess", () => {
  /** What FastMCP would take for yes, or would let end the session: of each a way in which an ordinary function gives it. */
  const NO_ANSWER: readonly (readonly [string, () => unknown])[] = [
    ["gives a promise of false", () => Promise.resolve(false)],
    ["gives a promise of true", () => Promise.resolve(true)],
    ["gives a promise that fails", () => Promise.reject(new Error("no directory"))],
    // biome-ignore lint/suspicious/noThenProperty: this is what a library's own promise looks like
    ["gives what can be waited for", () => ({ then: (no: (answer: boolean) => void) => no(false) })],
    ["gives a text", () => "no"],
    ["gives nothing", () => undefined],
    [
      "throws",
      () => {
        throw new Error("no directory");
      },
    ],
  ];
  const shut = (answer: (auth: never) => unknown) => ({ ...tool("added"), canAccess: answer as () => boolean });
  const http = { stateless: true };
  const withoutUsers = (): FastMCP => {
    const server = new FastMCP({ name: "d", version: "1.0.0", logger: quiet });
    server.addTool(tool("base"));
    return server;
  };
  /** FastMCP alone asks of users only, who come over HTTP. */
  const withUsers = (): FastMCP => {
    const server = new FastMCP({ name: "d", version: "1.0.0", logger: quiet, authenticate: async () => ({ id: "u" }) });
    server.addTool(tool("base"));
    return server as unknown as FastMCP;
  };

  async function expectShut({ theirs, audit }: Awaited<ReturnType<typeof guarded>>): Promise<void> {
    expect(await USE.tool.list(theirs)).toEqual(["base"]);
    expect((await USE.tool.ask(theirs)).code).toBe("policy_denied");
    expect([ran, audit.records.at(-1)?.code]).toEqual([[], "tool_not_served"]);
  }

  it.each(NO_ANSWER)("that %s opens the tool to nobody, and its author is told once", async (_, answer) => {
    const heard: string[] = [];
    const onWarning = (text: string): void => void heard.push(text);
    await expectShut(await guarded(withUsers(), none, (it) => it.addTool(shut(answer)), { http, onWarning }));
    await vi.waitFor(() => expect(heard).toHaveLength(1));
    expect(heard[0]).toMatch(/canAccess of the tool "added" .*, so the tool is closed/);
  });

  const [[, late]] = NO_ANSWER as [(typeof NO_ANSWER)[number]];
  it("is asked, with nobody, where the server authenticates nobody; and of nobody at start", async () => {
    const asked: unknown[] = [];
    const heard: string[] = [];
    const closed = (it: FastMCP): void =>
      it.addTool({
        ...tool("added"),
        canAccess: ((auth?: { readonly role: string }) => {
          asked.push(auth);
          return auth?.role === "admin";
        }) as never,
      });
    const onWarning = (text: string): void => void heard.push(text);
    // At once: a server with sessions lets each client wait for a second.
    const shutAnyway = [{ http: {} }, { http }].map(async ({ http }) => {
      await expectShut(await guarded(withoutUsers(), closed, none, { http, onWarning }));
      await expectShut(await guarded(withoutUsers(), none, closed, { http, onWarning }));
      const running = await guarded(withoutUsers(), none, none, { http, onWarning });
      closed(running.server);
      await expectShut(running);
    });
    await Promise.all(shutAnyway);
    expect([new Set(asked), heard]).toEqual([new Set([undefined]), []]);
    const open = (it: FastMCP): void => it.addTool({ ...tool("added"), canAccess: () => true });
    await expectGuarded("tool", await guarded(withoutUsers(), open, none, { http }));
    const throws = (it: FastMCP): void => it.addTool(shut((auth: { readonly role: boolean }) => auth.role));
    await expectShut(await guarded(withoutUsers(), throws, none, { http, onWarning }));
    expect(heard).toEqual([expect.stringMatching(/canAccess of the tool "added" threw, so the tool is closed/)]);
  });

  const ways = {
    addTool: (it: FastMCP) => it.addTool(shut(late)),
    addTools: (it: FastMCP) => it.addTools([shut(late)]),
  };
  it.each(Object.entries(ways))("that answers later opens nothing that %s adds, at any time", async (_, add) => {
    const onWarning = none;
    await expectShut(await guarded(withUsers(), add, none, { http, onWarning }));
    await expectShut(await guarded(withUsers(), none, add, { http, onWarning }));
    const running = await guarded(withUsers(), none, none, { http: {}, onWarning });
    add(running.server);
    await expectShut(running);
  });

  it("that answers later opens nothing that a session is given", async () => {
    const running = await guarded(withUsers(), (it) => it.addTool(shut(() => false)), none, { onWarning: none });
    for (const session of running.server.sessions) session.toolsListChanged([tool("base"), shut(late)]);
    await expectShut(running);
  });

  it("that answers true opens it, also where the tool is of a class", async () => {
    class Added {
      readonly name = "added";
      readonly parameters = z.object({ name: z.string() });
      readonly #said: string = "added ran";
      readonly canAccess = ({ id }: { readonly id: string }): boolean => id === "u" && this.#said !== "";
      async execute(): Promise<string> {
        ran.push("added");
        return this.#said;
      }
    }
    const add = (server: FastMCP): void => server.addTool(new Added() as never);
    await expectGuarded("tool", await guarded(withUsers(), add, none, { http }));
  });
});

describe("the answer to initialize", () => {
  it("offers what a guarded server serves: no completions, no subscriptions, and tools only where there are any", async () => {
    const running = await guarded(based(), none, none);
    const kinds = { prompts: { listChanged: true }, resources: { listChanged: true } };
    expect(running.theirs.getServerCapabilities()).toEqual({ ...kinds, tools: { listChanged: true }, logging: {} });
    const empty = await guarded(new FastMCP({ name: "empty", version: "1.0.0", logger: quiet }), none, none);
    expect(empty.theirs.getServerCapabilities()).toEqual({ logging: {} });
  });
});

describe("onToolCall", () => {
  it("of FastMCP runs before the decision, whatever it will be, and what it makes of the arguments is decided on", async () => {
    const heard: unknown[] = [];
    const server = new FastMCP({
      name: "hooked",
      version: "1.0.0",
      logger: quiet,
      onToolCall: async ({ toolName, arguments: args }) => {
        heard.push([toolName, { ...args }]);
        Object.assign(args, { name: "by onToolCall" });
      },
    });
    const given: unknown[] = [];
    server.addTool({ ...tool("added"), execute: async (args) => void given.push(args) });
    const { authorizer, audit } = world.authorizer({ tools: { added: { ...OPEN_TO_ALICE, keepInRecord: ["name"] } } });
    const served = await guardedServer(authorizer, { server: guard(server, authorizer) });
    onTestFinished(served.close);
    const narrow = await world.issuer.issue({
      subject: "alice",
      agent: "planner",
      holder: world.keys.planner,
      grant: grant({ added: { name: exact("by the caller") } }),
    });
    expect((await served.call(held, "added", { name: "by the caller" })).isError).toBe(false);
    expect(given).toEqual([{ name: "by onToolCall" }]);
    expect(JSON.stringify(audit.records)).toContain("by onToolCall");
    // The grant holds what came, and what the hook made of it as well: the hook ran, and the tool did not.
    const refused = await served.call(narrow, "added", { name: "by the caller" });
    expect([refused.code, given.length]).toEqual(["grant_argument_refused", 1]);
    expect(heard).toEqual([
      ["added", { name: "by the caller" }],
      ["added", { name: "by the caller" }],
    ]);
  });
});
