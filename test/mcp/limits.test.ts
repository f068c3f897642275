/** Clients take the limits of their server: what it takes arrives by each of them, and by default none sends more. */
import { createMcpClient } from "@hopwise/ai-sdk/mcp";
import type { HeldDelegation } from "@hopwise/core";
import type { Limits } from "@hopwise/core/tokens";
import { prove } from "@hopwise/core/tokens";
import { type CarryOptions, carryingFetch, carryOver, type McpTransport } from "@hopwise/mcp";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { PAY_SERVER } from "../../examples/finance-team/company.ts";
import { codeOf, connected, failure, post, request, textOf } from "../support/mcp/client.ts";
import { OPEN_TO_ALICE, plannerWith, type Served, serve } from "../support/mcp/server.ts";
import { worldHere } from "../support/world.ts";

const WIDE = { argumentsSize: 4_000_000, argumentsDepth: 40 } as const;
const nested = (depth: number): unknown => (depth === 0 ? "end" : { in: nested(depth - 1) });

/** For each limit, arguments that are beyond its default and within the wider one; those of tokens bind no argument. */
const BEYOND: { readonly [name in keyof Limits]: { readonly text?: string; readonly deep?: unknown } | "of tokens" } = {
  argumentsSize: { text: "x".repeat(70_000) },
  argumentsDepth: { deep: nested(30) },
  tokenBytes: "of tokens",
  chainBytes: "of tokens",
  chainTokens: "of tokens",
  tools: "of tokens",
  argumentsPerTool: "of tokens",
  constraintDepth: "of tokens",
  nameLength: "of tokens",
  valueLength: "of tokens",
  lifetimeSeconds: "of tokens",
  skewSeconds: "of tokens",
  proofWindowSeconds: "of tokens",
};
const rows = Object.entries(BEYOND).filter((row): row is [string, object] => row[1] !== "of tokens");

const world = await worldHere();
let held: HeldDelegation;
let served: Served;

beforeAll(async () => {
  held = await plannerWith(world, "measure");
  served = await serve(world, {
    stateless: true,
    authorizer: { limits: WIDE },
    map: { measure: { ...OPEN_TO_ALICE, hideFromPolicies: ["text", "deep"] } },
    add: (server) =>
      server.addTool({
        name: "measure",
        parameters: z.object({ name: z.string(), text: z.string().optional(), deep: z.unknown().optional() }),
        execute: async (args) => `${JSON.stringify(args).length}`,
      }),
  });
});
afterAll(() => served.stop());

/** Each way by which a call leaves a client. */
const CLIENTS: { readonly [name: string]: (carry: CarryOptions, args: object) => Promise<object> } = {
  carryingFetch: async (carry, args) => {
    const transport = new StreamableHTTPClientTransport(new URL(served.url), { fetch: carryingFetch(carry) });
    const client = await connected(transport as Transport);
    return client.callTool({ name: "measure", arguments: { ...args } }).finally(() => client.close());
  },
  carryOver: async (carry, args) => {
    const transport = new StreamableHTTPClientTransport(new URL(served.url));
    const client = await connected(carryOver(transport as unknown as McpTransport, carry) as unknown as Transport);
    return client.callTool({ name: "measure", arguments: { ...args } }).finally(() => client.close());
  },
  createMcpClient: async ({ limits, ...carry }, args) => {
    const own = limits === undefined ? {} : { limits };
    const client = await createMcpClient({ transport: { type: "http", url: served.url }, ...carry, ...own });
    return client.callTool({ name: "measure", arguments: { ...args } }).finally(() => client.close());
  },
  prove: async ({ audience, limits }, args) => {
    const own = limits === undefined ? {} : { limits };
    const { chain, proof } = await prove(held, { tool: "measure", arguments: args, audience, ...own });
    const _meta = { "dev.hopwise/chain": chain, "dev.hopwise/proof": proof };
    const { messages } = await post(served.url, request(1, "tools/call", { name: "measure", arguments: args, _meta }));
    return messages[0]?.result ?? {};
  },
};

describe.each(Object.entries(CLIENTS))("a call by %s", (_, call) => {
  const carry = (): CarryOptions => ({ delegation: held, audience: PAY_SERVER });

  it.each(rows)(
    "arrives beyond the default of %s, where server and client have the same limits",
    async (_name, beyond) => {
      const args = { name: "x", ...beyond };
      const answer = await call({ ...carry(), limits: WIDE }, args);
      expect([codeOf(answer), textOf(answer)]).toEqual([undefined, `${JSON.stringify(args).length}`]);
    },
  );

  it.each(rows)(
    "is not sent beyond the default of %s, where nobody says that its server takes it",
    async (_name, beyond) => {
      const error = await failure(call(carry(), { name: "x", ...beyond }));
      expect(error).toMatchObject({ code: "arguments_malformed" });
    },
  );
});
