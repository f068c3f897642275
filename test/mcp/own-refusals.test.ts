/** Calls that a server of the plain MCP SDK refuses by itself: its record says why, as at a FastMCP server. */
import { createGuardedTools, guardTransport } from "@hopwise/mcp";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer, type RegisteredTool } from "@modelcontextprotocol/sdk/server/mcp.js";
import { CallToolRequestSchema, ErrorCode, McpError } from "@modelcontextprotocol/sdk/types.js";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { callTool, carrying, codeOf, connected, newClient, textOf } from "../support/mcp/client.ts";
import { OPEN_TO_ALICE, OPEN_TO_NOBODY, plannerWith } from "../support/mcp/server.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();

const MAP = { open: OPEN_TO_ALICE, closed: OPEN_TO_NOBODY };
const GOOD = { name: "x" };
const NOT_SHOWN = /^Not allowed \(policy_denied\)\./;

interface Refusal {
  /** What is done to the server before the call. */
  readonly change?: (server: McpServer, tool: RegisteredTool) => void;
  readonly sent: object;
  /** What is on record, and what whoever may see the tool reads. */
  readonly code: "arguments_refused" | "tool_not_served" | "server_refused";
  readonly reads: RegExp;
}

const throwing = (error: Error) => (server: McpServer) =>
  server.server.setRequestHandler(CallToolRequestSchema, () => Promise.reject(error));

const REFUSALS: { readonly [what: string]: Refusal } = {
  "its schema does not take the arguments": {
    sent: { name: 7 },
    code: "arguments_refused",
    reads: /Invalid arguments/,
  },
  "the tool was removed": { change: (_, tool) => tool.remove(), sent: GOOD, code: "tool_not_served", reads: NOT_SHOWN },
  "the tool was switched off": {
    change: (_, tool) => tool.disable(),
    sent: GOOD,
    code: "tool_not_served",
    reads: NOT_SHOWN,
  },
  "a handler of its own finds no such tool": {
    change: throwing(new McpError(ErrorCode.InvalidParams, "Tool open not found")),
    sent: GOOD,
    code: "tool_not_served",
    reads: NOT_SHOWN,
  },
  "a handler of its own fails": {
    change: throwing(new Error("no database")),
    sent: GOOD,
    code: "server_refused",
    reads: /no database/,
  },
};

it.each(Object.entries(REFUSALS))(
  "where %s, whoever may see the tool reads what is right, and nobody else",
  async (_, row) => {
    const tools = createGuardedTools();
    const server = new McpServer({ name: "plain", version: "1.0.0" });
    const run = async () => ({ content: [{ type: "text" as const, text: "it ran" }] });
    const { authorizer, audit } = world.authorizer({ tools: MAP });
    const [near, far] = InMemoryTransport.createLinkedPair();
    const [open] = (["open", "closed"] as const).map((name) =>
      server.registerTool(name, { inputSchema: { name: z.string() } }, tools.wrap(name, run)),
    );
    await server.connect(guardTransport(far, { authorizer, tools }));
    const client = await connected(carrying(near, await plannerWith(world, ...Object.keys(MAP))), newClient());
    onTestFinished(() => client.close());
    row.change?.(server, open as RegisteredTool);
    const read = await callTool(client, "open", row.sent).then(textOf, ({ message }: Error) => message);
    expect(read).toMatch(row.reads);
    expect(codeOf(await callTool(client, "closed", { name: 7 }))).toBe("policy_denied");
    expect(audit.records.map(({ code }) => code)).toEqual([row.code, "tool_hidden"]);
  },
);
