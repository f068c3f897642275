/** What a plain server announces of its tools holds, also for a caller who has its list from elsewhere, as without sessions. */
import type { ToolEntry } from "@hopwise/core";
import { grant, wildcard } from "@hopwise/core/grant";
import { answeringPdp, createCompany } from "@hopwise/core/testing";
import { createGuardedTools, type GuardOptions, guardTransport } from "@hopwise/mcp";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { PAY_SERVER } from "../../examples/finance-team/company.ts";
import { callTool, carrying, codeOf, connected, newClient } from "../support/mcp/client.ts";

const INFO = { name: "plain", version: "1.0.0" };
const PAID = { paid: 1, iban: "DE89" };
const STRICT = { paid: z.number(), iban: z.string() };
const OPEN = { paid: z.number(), iban: z.string().optional() };
const company = await createCompany({ audience: PAY_SERVER, tools: { pay: { kind: "payment", action: "send" } } });

/** A server for tools that begin anew with it, and what came of them. */
function scene(redact: readonly string[] = ["/iban"], entry: Partial<ToolEntry> = {}) {
  const ran: unknown[] = [];
  const faults: string[] = [];
  const tools = createGuardedTools();
  const cerbos = answeringPdp({ effect: "allow", outputs: redact.length > 0 ? [{ redact }] : [] });
  const authorizer = company.authorizer({ cerbos, tools: { pay: { kind: "payment", action: "send", ...entry } } });
  const pay = tools.wrap("pay", async (args: object) => {
    ran.push(args);
    return { content: [{ type: "text" as const, text: JSON.stringify(PAID) }], structuredContent: PAID };
  });
  /** A client that never asks for the list. */
  const client = async (
    server: { connect(transport: Transport): Promise<void> },
    held = company.chain("alice", "planner"),
    more: Partial<GuardOptions> = {},
  ): Promise<Client> => {
    const [near, far] = InMemoryTransport.createLinkedPair();
    await server.connect(guardTransport(far, { authorizer, tools, ...more }));
    far.onerror = ({ message }) => faults.push(message);
    const own = await connected(carrying(near, await held), newClient());
    onTestFinished(() => own.close());
    return own;
  };
  return { ran, faults, pay, client };
}

function serverOf(pay: ReturnType<typeof scene>["pay"], outputSchema: z.ZodRawShape, inputSchema: z.ZodRawShape = {}) {
  const server = new McpServer(INFO);
  const tool = server.registerTool("pay", { inputSchema, outputSchema }, pay as never);
  return { server, tool };
}

/** A server of one's own making, whose list is what it is. */
function bareServer(pay: ReturnType<typeof scene>["pay"], list?: (cursor: string | undefined) => object) {
  const server = new Server(INFO, { capabilities: { tools: {} } });
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => pay(params.arguments ?? {}) as never);
  if (list) server.setRequestHandler(ListToolsRequestSchema, async ({ params }) => list(params?.cursor) as never);
  return server;
}
const listed = (outputSchema: object) => ({ name: "pay", inputSchema: { type: "object" }, outputSchema });
const STRICT_JSON = { type: "object", required: ["iban"], properties: { iban: { type: "string" } } };

describe("a result that the policies change, for a caller who never asked this server for its list", () => {
  it("is refused before the tool runs where its schema lets nothing leave, also once it lets it no more", async () => {
    const { ran, pay, client } = scene();
    const { server, tool } = serverOf(pay, OPEN);
    const caller = await client(server);
    expect(await callTool(caller, "pay")).toMatchObject({ structuredContent: { paid: 1 } });
    tool.update({ outputSchema: STRICT });
    expect(codeOf(await callTool(caller, "pay"))).toBe("policy_inconclusive");
    expect(ran).toHaveLength(1);
  });

  it("is refused where only a later page of its list says so", async () => {
    const { ran, pay, client } = scene();
    const list = (cursor?: string) =>
      cursor === "2" ? { tools: [listed(STRICT_JSON)] } : { tools: [{ ...listed({}), name: "x" }], nextCursor: "2" };
    const caller = await client(bareServer(pay, list));
    expect(codeOf(await callTool(caller, "pay"))).toBe("policy_inconclusive");
    expect(ran).toEqual([]);
  });

  it("fits the schema that the guard lists, where the host told what policies may change", async () => {
    const { pay, client } = scene();
    const more = { mayChange: { pay: { redact: ["/iban"] } } };
    const caller = await client(serverOf(pay, STRICT).server, undefined, more);
    expect(await callTool(caller, "pay")).toMatchObject({ structuredContent: { paid: 1 } });
    const untold = await client(serverOf(pay, STRICT).server);
    expect(codeOf(await callTool(untold, "pay"))).toBe("policy_inconclusive");
  });

  it.each([
    ["fails", () => Promise.reject(new Error("hunter2"))],
    ["has no end", () => ({ tools: [], nextCursor: "more" })],
    ["is none", () => ({ tools: "all" })],
  ])("is refused where the list %s, and its author is told; one that stays as it is is not", async (_, list) => {
    const { ran, faults, pay, client } = scene();
    const caller = await client(bareServer(pay, list as never));
    expect(codeOf(await callTool(caller, "pay"))).toBe("policy_inconclusive");
    expect([ran, faults]).toEqual([
      [],
      [expect.stringMatching(/what "pay" announces is not known.* and a default that its schema puts there/)],
    ]);
    expect(JSON.stringify(faults)).not.toContain("hunter2");
    const free = scene([]);
    await callTool(await free.client(bareServer(free.pay, list as never)), "pay");
    expect(free.ran).toHaveLength(1);
  });

  it.each([
    ["has no list", undefined],
    ["does not list the tool", () => ({ tools: [] })],
  ])("is changed as if nothing was announced, where the server %s", async (_, list) => {
    const { faults, pay, client } = scene();
    const caller = await client(bareServer(pay, list));
    expect(await callTool(caller, "pay")).toMatchObject({ structuredContent: { paid: 1, iban: "[redacted]" } });
    expect(faults).toEqual([]);
  });
});

it("a default that the tool announces is its own, whether or not its caller asked for the list", async () => {
  const { ran, pay, client } = scene([]);
  const held = company.chain("alice", { to: "planner", grant: grant({ pay: { to: wildcard() } }) });
  const caller = await client(
    serverOf(pay, OPEN, { to: z.string(), currency: z.string().default("EUR") }).server,
    held,
  );
  await callTool(caller, "pay", { to: "ACME" });
  expect(codeOf(await callTool(caller, "pay", { to: "ACME", currency: "EUR" }))).toBe("grant_argument_refused");
  expect(ran).toEqual([{ to: "ACME", currency: "EUR" }]);
});

describe("a tool map that names an argument of a tool", () => {
  const entry = { id: "to", hideFromPolicies: ["memo"] };
  const sent = { to: "ACME", memo: "x" };
  const object = z.object({ to: z.string(), memo: z.string() });
  const called = async (inputSchema: z.ZodType | undefined, from: Partial<ToolEntry> = entry) => {
    const { ran, pay, client } = scene([], from);
    const server = new McpServer(INFO);
    server.registerTool("pay", { ...(inputSchema && { inputSchema }) }, pay as never);
    return { code: codeOf(await callTool(await client(server), "pay", sent)), ran };
  };

  it.each([
    ["an object with a transform", object.transform((args) => args)],
    ["a union", z.union([object, z.object({ to: z.string() })])],
    ["an intersection", z.object({ to: z.string() }).and(z.object({ memo: z.string() }))],
  ])("is taken at its word where the server lists nothing of the schema: %s", async (_, inputSchema) => {
    expect(await called(inputSchema)).toEqual({ code: undefined, ran: [sent] });
  });

  it("is refused where the tool has no such argument, or none at all", async () => {
    expect(await called(object, { id: "too" })).toEqual({ code: "attributes_invalid", ran: [] });
    // Listed as a schema is that cannot be written.
    expect(await called(undefined)).toEqual({ code: "arguments_malformed", ran: [] });
    expect(await called(z.object({}))).toEqual({ code: "attributes_invalid", ran: [] });
  });
});
