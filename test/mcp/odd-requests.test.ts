/** Requests that the MCP SDK takes for none, and so never answers: they must not be waited for as calls of a tool. */
import { createGuardedTools, guardTransport, type JsonRpcMessage } from "@hopwise/mcp";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { isJSONRPCRequest } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { proven, request } from "../support/mcp/client.ts";
import { OPEN_TO_ALICE, plannerWith } from "../support/mcp/server.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
const held = await plannerWith(world, "asks");

/** A tool that no call has asked of yet, so that its calls run one by one; and the answers of two callers of it. */
async function served() {
  const { authorizer } = world.authorizer({ tools: { asks: OPEN_TO_ALICE } });
  const tools = createGuardedTools();
  const run = tools.wrap("asks", async () => ({ content: [{ type: "text" as const, text: "it ran" }] }));
  const connect = async () => {
    const server = new McpServer({ name: "plain", version: "1.0.0" });
    server.registerTool("asks", { inputSchema: { name: z.string() } }, run);
    const [near, far] = InMemoryTransport.createLinkedPair();
    await server.connect(guardTransport(far, { authorizer, tools }));
    onTestFinished(() => server.close());
    await near.start();
    return async (message: object): Promise<JsonRpcMessage> => {
      const answered = new Promise<JsonRpcMessage>((resolve) => {
        near.onmessage = resolve as never;
      });
      await near.send(message as never);
      return answered;
    };
  };
  return { one: await connect(), other: await connect() };
}

const call = async (): Promise<JsonRpcMessage> =>
  proven(held, request(1, "tools/call", { name: "asks", arguments: { name: "x" } }));
const RAN = { result: { content: [{ text: "it ran" }] } };
const REFUSED = { error: { data: { code: "arguments_malformed" } } };

/** What a caller adds, and what comes of it. */
type Row = readonly [what: string, odd: { readonly meta?: unknown; readonly more?: object }, came: object];
const TOKENS = [{ a: 1 }, null, true, 1.5, 1e300, ["x"]];
const ROWS: readonly Row[] = [
  ...TOKENS.map(
    (token): Row => [`a progressToken: ${JSON.stringify(token)}`, { meta: { progressToken: token } }, REFUSED],
  ),
  ...[null, "x", 5, ["x"]].map((meta): Row => [`a _meta: ${JSON.stringify(meta)}`, { meta }, REFUSED]),
  ["a task that is none", { meta: { "io.modelcontextprotocol/related-task": null } }, RAN],
  ["a member that no request has", { more: { result: {}, error: 1, extra: true } }, RAN],
  ["another version", { more: { jsonrpc: "1.0" } }, RAN],
];

describe("a call that the MCP SDK would not take for a request", () => {
  it.each(ROWS)("is answered at once, and another caller's call runs: %s", async (_, { meta = {}, more }, came) => {
    const { one, other } = await served();
    const good = await call();
    const own = good.params?.["_meta"] as object;
    const _meta = typeof meta === "object" && meta !== null && !Array.isArray(meta) ? { ...own, ...meta } : meta;
    const odd = { ...good, params: { ...good.params, _meta }, ...more };
    expect(isJSONRPCRequest(odd)).toBe(false);
    expect(await one(odd)).toMatchObject(came);
    expect(await other(await call())).toMatchObject(RAN);
  });
});
