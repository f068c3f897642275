/** The arguments of a prompt that the policies judged are those that its function gets. */
import { grant, optional, wildcard } from "@hopwise/core/grant";
import { answeringPdp, createCompany } from "@hopwise/core/testing";
import { createGuardedTools, guardTransport } from "@hopwise/mcp";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { PAY_SERVER } from "../../examples/finance-team/company.ts";
import { carrying, connected, failure, newClient } from "../support/mcp/client.ts";

const company = await createCompany({ audience: PAY_SERVER });
const everyPrompt = grant({ "mcp:prompts/get": { name: wildcard(), arguments: optional(wildcard()) } });

/** A client of a server with one prompt, what the prompt's function got, and what the guard reported. */
async function served(
  argsSchema: z.ZodRawShape | undefined,
  wrappedAs = "summary",
): Promise<{ client: Client; got: unknown[]; reported: string[] }> {
  const [near, far] = InMemoryTransport.createLinkedPair();
  const got: unknown[] = [];
  const reported: string[] = [];
  const tools = createGuardedTools();
  const server = new McpServer({ name: "plain", version: "1.0.0" });
  server.server.onerror = ({ message }) => void reported.push(message);
  const load = async (args: unknown) => {
    got.push(args);
    return { messages: [] };
  };
  server.registerPrompt("summary", { argsSchema } as never, tools.wrapPrompt(wrappedAs, load) as never);
  const authorizer = company.authorizer({ cerbos: answeringPdp() });
  await server.connect(guardTransport(far, { authorizer, tools }));
  const held = await company.chain("alice", { to: "planner", grant: everyPrompt });
  const client = await connected(carrying(near, held), newClient());
  onTestFinished(() => client.close());
  return { client, got, reported };
}

it.each<[string, z.ZodRawShape, Record<string, string>]>([
  ["changed", { who: z.string().transform((text) => text.trim().toLowerCase()) }, { who: " SECRET " }],
  ["put in", { who: z.string().default("everybody") }, {}],
  ["made of another kind", { who: z.coerce.number() }, { who: "1" }],
])("a prompt does not run with an argument that its own schema %s", async (_, schema, args) => {
  const { client, got, reported } = await served(schema);
  const refused = await failure(client.getPrompt({ name: "summary", arguments: args }));
  expect(refused.message).toContain("This could not be read.");
  expect(got).toEqual([]);
  expect(reported).toEqual([expect.stringMatching(/its own schema put in or changed the argument "who"/)]);
});

it("it runs with those that its schema checks, and without those that it leaves out", async () => {
  const { client, got } = await served({ who: z.string().min(1), when: z.string().optional() });
  await client.getPrompt({ name: "summary", arguments: { who: "Globex", more: "x" } });
  expect(got).toEqual([{ who: "Globex" }]);
});

it("one that takes no arguments gets what the SDK gives in their place", async () => {
  const { client, got } = await served(undefined);
  await client.getPrompt({ name: "summary" });
  expect(got).toMatchObject([{ sendRequest: expect.any(Function) }]);
});

it("one that stands under another name than it was wrapped under does not run", async () => {
  const { client, got, reported } = await served(undefined, "another");
  await failure(client.getPrompt({ name: "summary" }));
  expect(got).toEqual([]);
  expect(reported).toEqual([expect.stringMatching(/under another name/)]);
});
