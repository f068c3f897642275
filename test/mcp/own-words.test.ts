/** A tool hands on what a server elsewhere said, whole. That server may say it in the words by which a guard speaks to clients. */
import { createMcpClient } from "@hopwise/ai-sdk/mcp";
import { createGuardedTools, guardTransport } from "@hopwise/mcp";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { CallToolRequestSchema, ListToolsRequestSchema, McpError } from "@modelcontextprotocol/sdk/types.js";
import { expect, it, onTestFinished } from "vitest";
import { PAY_SERVER } from "../../examples/finance-team/company.ts";
import { carrying, connected, failure, newClient } from "../support/mcp/client.ts";
import { OPEN_TO_ALICE, plannerWith } from "../support/mcp/server.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();

interface Relay {
  /** How often the tool ran. */
  readonly ran: () => number;
  readonly client: () => Promise<Client>;
  readonly loop: () => ReturnType<typeof createMcpClient>;
}

/** A server whose tool gives what another one said, or throws it. */
async function relaying(said: () => object): Promise<Relay> {
  let ran = 0;
  const { authorizer } = world.authorizer({ tools: { relay: OPEN_TO_ALICE } });
  const delegation = await plannerWith(world, "relay");
  const begin = async (): Promise<InMemoryTransport> => {
    const tools = createGuardedTools();
    const relay = tools.wrap("relay", async () => {
      ran++;
      return said();
    });
    const server = new Server({ name: "relay", version: "1.0.0" }, { capabilities: { tools: {} } });
    const inputSchema = { type: "object" as const };
    server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [{ name: "relay", inputSchema }] }));
    server.setRequestHandler(CallToolRequestSchema, ({ params }) => relay(params.arguments ?? {}) as never);
    const [near, far] = InMemoryTransport.createLinkedPair();
    await server.connect(guardTransport(far, { authorizer, tools }));
    return near;
  };
  return {
    ran: () => ran,
    client: async () => {
      const client = await connected(carrying(await begin(), delegation), newClient());
      onTestFinished(() => client.close());
      return client;
    },
    loop: async () => {
      const client = await createMcpClient({ transport: (await begin()) as never, delegation, audience: PAY_SERVER });
      onTestFinished(() => client.close());
      return client;
    },
  };
}

const content = [{ type: "text", text: "no" }];
const DENIAL = { code: "policy_unavailable", retryable: true };
const PENDING = { request: "r-1", reason: "large", approvers: 1, until: 4_000_000_000, invocation: "i-1" };

it.each([
  ["a denial", { "dev.hopwise/denial": DENIAL }],
  ["that it waits for people", { "dev.hopwise/pending": PENDING }],
])("a call that ran is not taken for one that did not, since the tool's result says that it is %s", async (_, meta) => {
  const { client, loop, ran } = await relaying(() => ({ content, isError: true, _meta: { ...meta, own: 1 } }));
  const answer = await (await client()).callTool({ name: "relay", arguments: { name: "x" } });
  expect(answer).toEqual({ content, isError: true, _meta: { own: 1 } });
  const { relay } = await (await loop()).tools();
  const error = await failure(
    relay?.execute({ name: "x" }, { toolCallId: "1", messages: [], context: {} }) as Promise<unknown>,
  );
  expect([error.name, error.message]).toEqual(["Error", "no"]);
  expect(ran()).toBe(2);
});

it("what policies took out is told by the guard alone", async () => {
  const { client } = await relaying(() => ({ content, _meta: { "dev.hopwise/redacted": ["/iban"] } }));
  expect(await (await client()).callTool({ name: "relay", arguments: { name: "x" } })).toEqual({ content, _meta: {} });
});

it.each([
  ["a nonce", 4301, { code: "proof_nonce_required", nonce: "n" }],
  ["people", 4302, PENDING],
  ["a denial", 4303, DENIAL],
])("a call that ran once is not made again, since the tool's error asks for %s", async (_, code, data) => {
  const { client, ran } = await relaying(() => {
    throw new McpError(code, "no", data);
  });
  const error = await failure((await client()).callTool({ name: "relay", arguments: { name: "x" } }));
  expect([error.code, error.data]).toEqual([-32_603, undefined]);
  expect(error.message).toContain("no");
  expect(ran()).toBe(1);
});
