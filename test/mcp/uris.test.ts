/** The URI on which the policies were asked is the one that a plain server reads. */
import { grant, wildcard } from "@hopwise/core/grant";
import { answeringPdp, createCompany } from "@hopwise/core/testing";
import { createGuardedTools, type GuardOptions, guardTransport } from "@hopwise/mcp";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ReadResourceRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { expect, it, onTestFinished } from "vitest";
import { PAY_SERVER } from "../../examples/finance-team/company.ts";
import { carrying, connected, errorCodeOf, failure, newClient } from "../support/mcp/client.ts";

const INFO = { name: "plain", version: "1.0.0" };
const company = await createCompany({
  audience: PAY_SERVER,
  tools: { "mcp:resources/read": { kind: "file", action: "read", id: "uri" } },
});
const everyUri = grant({ "mcp:resources/read": { uri: wildcard() } });
/** Of the policies, which know the secrets by their names. */
const SECRETS = ["file:///secret", "https://x.example/secret", "note://secret"];
const cerbos = answeringPdp(({ resource }) => (SECRETS.includes(resource.id) ? "deny" : "allow"));

async function reader(
  server: { connect(transport: Transport): Promise<void> },
  more: Partial<GuardOptions> = {},
): Promise<Client> {
  const [near, far] = InMemoryTransport.createLinkedPair();
  const tools = createGuardedTools();
  const authorizer = company.authorizer({ cerbos });
  await server.connect(guardTransport(far, { authorizer, tools, ...more }));
  const held = await company.chain("alice", { to: "planner", grant: everyUri });
  const client = await connected(carrying(near, held), newClient());
  onTestFinished(() => client.close());
  return client;
}

it.each([
  "file:///public/../secret",
  "file:///public/%2e%2e/secret",
  "file:///secret\t",
  " file:///secret",
  "FILE:///secret",
  "file://localhost/secret",
  "https://X.example/secret",
  "https://x.example:443/secret",
  "https:x.example\\secret",
  "note://%73ecret",
  "file:///%73%65cret",
  "file:///a%2fsecret",
  "file:///secret%",
  "file:///secret%FF",
])("a secret is not read by another spelling of its URI: %j", async (uri) => {
  const server = new McpServer(INFO);
  for (const secret of SECRETS) {
    server.registerResource(secret, secret, {}, async () => expect.unreachable("it was read"));
  }
  const client = await reader(server);
  const refused = await failure(client.readResource({ uri }));
  expect(errorCodeOf(refused)).toBe("arguments_malformed");
  expect(refused.message).toContain("as a URL parser writes it");
  expect(errorCodeOf(await failure(client.readResource({ uri: SECRETS[0] as string })))).toBe("policy_denied");
});

it.each(["file:///public/a", "https://x.example/", "note://a%20b", "note://%C3%A9%2F%2525", "urn:isbn:1", "memo"])(
  "one that is written as a URL parser writes it, or is none to it, is read: %j",
  async (uri) => {
    const server = new Server(INFO, { capabilities: { resources: {} } });
    server.setRequestHandler(ReadResourceRequestSchema, async ({ params }) => ({
      contents: [{ uri: params.uri, text: "read" }],
    }));
    expect(await (await reader(server)).readResource({ uri })).toMatchObject({ contents: [{ uri, text: "read" }] });
  },
);

it("a server that takes each URI as it is written says so", async () => {
  const server = new Server(INFO, { capabilities: { resources: {} } });
  server.setRequestHandler(ReadResourceRequestSchema, async ({ params }) => ({
    contents: [{ uri: params.uri, text: "read" }],
  }));
  const client = await reader(server, { readUri: () => undefined });
  expect(await client.readResource({ uri: "note://my note" })).toMatchObject({ contents: [{ text: "read" }] });
});

it.each([
  ["note://%73ecret", undefined],
  ["note://a/b", "note://a%2Fb"],
])("a value that the server itself reads out of a URI is got by one text alone: not by %j", async (uri, written) => {
  const server = new Server(INFO, { capabilities: { resources: {} } });
  server.setRequestHandler(ReadResourceRequestSchema, async () => ({ contents: [] }));
  const readUri = (given: string) => ({
    template: "note://{id}",
    values: { id: decodeURIComponent(given.slice(7)) },
    written: given === uri ? written : given,
  });
  const client = await reader(server, { readUri });
  expect(errorCodeOf(await failure(client.readResource({ uri })))).toBe("policy_denied");
  expect((await client.readResource({ uri: "note://a%20b" })).contents).toEqual([]);
});
