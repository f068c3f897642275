/** What is on record of a call whose caller closed the connection before the answer: over real HTTP. */
import { request } from "node:http";
import type { MemoryAudit } from "@hopwise/core/audit";
import { createGuardedTools, guardTransport } from "@hopwise/mcp";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import { post, provenCall, session } from "../support/mcp/client.ts";
import { OPEN_TO_ALICE, plannerWith, serveHere } from "../support/mcp/server.ts";
import { quietConsole } from "../support/quiet.ts";
import { webServer } from "../support/web-server.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
quietConsole("log");

const parameters = z.object({ name: z.string() });

/** A tool that runs until it is told to end. */
function slowTool() {
  const began = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  onTestFinished(() => end.resolve());
  const execute = async (): Promise<string> => {
    began.resolve();
    await end.promise;
    return "done";
  };
  return { execute, began: began.promise, end: () => end.resolve() };
}

/** Calls the slow tool and leaves while it runs, then calls it again and stays. */
async function leaveOnce(url: string, headers: Record<string, string>, slow: ReturnType<typeof slowTool>) {
  const held = await plannerWith(world, "open");
  const call = async (id: number) => JSON.stringify(await provenCall(held, id, "open", { name: "x" }));
  const leave = callAndLeave(new URL(url), await call(1), headers);
  await slow.began;
  await leave();
  slow.end();
  const { messages } = await post(url, await call(2), headers);
  expect(messages).toMatchObject([{ id: 2, result: { content: [{ text: "done" }] } }]);
}

/** Posts a call on a connection of its own, and gives a function that closes it. */
function callAndLeave(url: URL, body: string, headers: Record<string, string>): () => Promise<void> {
  const type = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  const call = request(url, { method: "POST", agent: false, headers: { ...type, ...headers } });
  call.on("error", () => {});
  call.on("response", (answer) => answer.on("error", () => {}).resume());
  call.end(body);
  return async () => {
    const closed = new Promise((resolve) => call.once("close", resolve));
    call.destroy();
    await closed;
    // The server hears of it in a turn of its own.
    await new Promise((resolve) => setTimeout(resolve, 100));
  };
}

const outcomesOf = async ({ outcomes }: MemoryAudit): Promise<readonly string[]> => {
  await vi.waitFor(() => expect(outcomes).toHaveLength(2));
  return outcomes.map(({ outcome }) => outcome);
};

it.each([
  { stateless: false, json: false },
  { stateless: false, json: true },
  { stateless: true, json: false },
  { stateless: true, json: true },
])("over FastMCP's HTTP stream (%j), which does not tell, the record says returned, and not received", async (mode) => {
  const slow = slowTool();
  const { url, audit } = await serveHere(world, {
    ...mode,
    map: { open: OPEN_TO_ALICE },
    add: (server) => server.addTool({ name: "open", parameters, execute: slow.execute }),
  });
  await leaveOnce(url, mode.stateless ? {} : await session(url), slow);
  expect(await outcomesOf(audit)).toEqual(["returned", "returned"]);
});

it("over a transport that tells that the stream is gone, the record says withdrawn", async () => {
  const slow = slowTool();
  const { authorizer, audit } = world.authorizer({ tools: { open: OPEN_TO_ALICE } });
  const tools = createGuardedTools();
  const server = new McpServer({ name: "test", version: "1.0.0" });
  const open = tools.wrap("open", async () => ({ content: [{ type: "text" as const, text: await slow.execute() }] }));
  server.registerTool("open", { inputSchema: { name: z.string() } }, open);
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => "one" });
  await server.connect(guardTransport(transport, { authorizer, tools }));
  const served = await webServer((incoming, outgoing) => void transport.handleRequest(incoming, outgoing));
  const url = `${served.url}/mcp`;
  await leaveOnce(url, await session(url), slow);
  expect(await outcomesOf(audit)).toEqual(["withdrawn", "returned"]);
});
