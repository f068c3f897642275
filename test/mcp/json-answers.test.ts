/** Servers that answer calls by JSON, so that a call has no stream of its own: what comes of a tool that asks its client? */
import { answeringPdp, createCompany } from "@hopwise/core/testing";
import { guardedServer } from "@hopwise/fastmcp/testing";
import { carryingFetch, createGuardedTools, guardTransport } from "@hopwise/mcp";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { expect, it, onTestFinished, vi } from "vitest";
import { callTool, textOf } from "../support/mcp/client.ts";

const QUESTION = { message: "sure?", requestedSchema: { type: "object" as const, properties: {} } };
const CANNOT = /"elicitation\/create" cannot be asked where calls are answered by JSON/;
const capabilities = { elicitation: {} };
const company = await createCompany({ tools: { ask: { kind: "thing", action: "ask" } } });
const authorizer = company.authorizer({ cerbos: answeringPdp() });
const held = await company.chain("alice", "planner");

it("a FastMCP server does not wait for an answer that cannot come: its tool hears why at once", async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  await using server = await guardedServer(authorizer, {
    http: { enableJsonResponse: true },
    add: (own) => own.addTool({ name: "ask", execute: async (_args, { elicit }) => (await elicit(QUESTION)).action }),
  });
  const client = await server.client(held, { capabilities });
  expect(textOf(await callTool(client, "ask"))).toMatch(CANNOT);
});

it("nor does a server of the MCP SDK", async () => {
  const tools = createGuardedTools();
  const server = new McpServer({ name: "plain", version: "1.0.0" });
  const ask = async () => {
    await server.server.elicitInput({ mode: "form", ...QUESTION });
    return { content: [] };
  };
  server.registerTool("ask", { inputSchema: {} }, tools.wrap("ask", ask));
  const sessionIdGenerator = () => crypto.randomUUID();
  const far = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true, sessionIdGenerator });
  await server.connect(guardTransport(far, { authorizer, tools }));
  const fetch: typeof globalThis.fetch = async (input, init) => far.handleRequest(new Request(input, init));
  const [audience = ""] = authorizer.audience;
  const near = new StreamableHTTPClientTransport(new URL("http://plain.example/mcp"), {
    fetch: carryingFetch({ delegation: held, audience }, fetch),
  });
  const client = new Client({ name: "test", version: "1.0.0" }, { capabilities });
  onTestFinished(() => client.close());
  await client.connect(near as Transport);
  expect(textOf(await callTool(client, "ask"))).toMatch(CANNOT);
});
