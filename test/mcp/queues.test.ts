/** A server that takes its messages through a queue of its own, behind the guard: it runs one request within another one. */
import type { HeldDelegation } from "@hopwise/core";
import { answeringPdp, type Company, createCompany } from "@hopwise/core/testing";
import { caller, createGuardedTools, guardTransport, type JsonRpcMessage, type McpTransport } from "@hopwise/mcp";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ListPromptsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { codeOf, errorCodeOf, newClient, request } from "../support/mcp/client.ts";

let company: Company;
let alice: HeldDelegation;
let bob: HeldDelegation;
beforeAll(async () => {
  company = await createCompany({
    users: { alice: { roles: ["employee"] }, bob: { roles: ["guest"] } },
    tools: {
      pay: { kind: "payment", action: "send" },
      "mcp:resources/read": { kind: "doc", action: "read" },
      "mcp:prompts/get": { kind: "doc", action: "get" },
    },
  });
  [alice, bob] = [await company.chain("alice", "planner"), await company.chain("bob", "planner")];
});
/** Nobody pays for bob. */
const pdp = answeringPdp(({ principal, action }) => (principal.id === "bob" && action === "send" ? "deny" : "allow"));

async function proven(held: HeldDelegation, id: string, method: string, params: object): Promise<JsonRpcMessage> {
  const { name, arguments: args } = params as { readonly name?: string; readonly arguments?: object };
  const [tool, proved] = method === "tools/call" ? [String(name), args] : [`mcp:${method}`, params];
  const { chain, proof } = await company.credential(held, tool, proved);
  const _meta = { "dev.hopwise/chain": chain, "dev.hopwise/proof": proof };
  return request(id, method, { ...params, _meta });
}
const call = (held: HeldDelegation, id: string, name: string) =>
  proven(held, id, "tools/call", { name: "pay", arguments: { name } });

/**
 * As `serveStdio` of the MCP SDK 2.x has it: a message that comes while another one is taken waits, and is taken by the loop that the
 * first one began. Here that is each second message, once `pairs` is true.
 */
function queued(wire: McpTransport, pairs: () => boolean): Transport {
  const channel: Transport = {
    start: () => wire.start(),
    close: () => wire.close(),
    send: (said, options) => wire.send(said as JsonRpcMessage, options as never),
  };
  let take: ((message: JsonRpcMessage) => void) | undefined;
  wire.onmessage = async (message) => {
    if (take !== undefined) return take(message);
    channel.onmessage?.(message as never);
    if (!pairs()) return;
    const next = await new Promise<JsonRpcMessage>((resolve) => {
      take = resolve;
    });
    channel.onmessage?.(next as never);
  };
  return channel;
}

/** @param isTold whether the server tells a tool's function for which request it is called, as a handler of one's own may not */
async function served(isTold = true) {
  const ran: unknown[] = [];
  let pairs = false;
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const tools = createGuardedTools();
  const server = new McpServer({ name: "queued", version: "1.0.0" }, { capabilities: { logging: {} } });
  const said = (): string => `of ${caller()?.user.id}`;
  const name = z.string().refine(async (given) => (given === "waits" ? released.then(() => true) : true));
  const pay = tools.wrap("pay", async (args: { name: string }, _extra: unknown) => {
    ran.push([args.name, caller()?.user.id]);
    return { content: [{ type: "text" as const, text: said() }] };
  });
  server.registerTool("pay", { inputSchema: { name } }, (args, extra) =>
    isTold ? pay(args, extra) : pay(args, undefined),
  );
  const log = { method: "notifications/message", params: { level: "info", data: "" } } as const;
  server.registerResource("mine", "res://mine", {}, async ({ href: uri }, { sendNotification }) => {
    await sendNotification({ ...log, params: { ...log.params, data: said() } });
    return { contents: [{ uri, text: said() }] };
  });
  server.registerResource("waits", "res://waits", {}, async () => {
    ran.push("waits");
    return released.then(() => ({ contents: [] }));
  });
  server.registerPrompt("mine", {}, async ({ sendNotification }) => {
    await sendNotification({ ...log, params: { ...log.params, data: said() } });
    return { messages: [{ role: "user", content: { type: "text", text: said() } }] };
  });
  server.server.setRequestHandler(ListPromptsRequestSchema, async (_, { sendNotification }) => {
    await sendNotification({ ...log, params: { ...log.params, data: said() } });
    return { prompts: [{ name: "mine", description: said() }] };
  });
  const faults: string[] = [];
  const authorizer = company.authorizer({ cerbos: pdp, delegation: "grants-only" });
  const [near, far] = InMemoryTransport.createLinkedPair();
  const guarded = guardTransport(far as McpTransport, { authorizer, tools });
  far.onerror = ({ message }) => faults.push(message);
  await server.connect(queued(guarded, () => pairs));
  await newClient().connect(near);
  const answers = new Map<unknown, (answer: JsonRpcMessage) => void>();
  const logged: unknown[] = [];
  near.onmessage = (given) => {
    const message = given as JsonRpcMessage;
    if (message.method === "notifications/message") logged.push(message.params?.["data"]);
    else answers.get(message.id)?.(message);
  };
  onTestFinished(() => near.close());
  const ask = async (message: JsonRpcMessage): Promise<JsonRpcMessage> => {
    const answer = new Promise<JsonRpcMessage>((resolve) => answers.set(message.id, resolve));
    await near.send(message as never);
    return answer;
  };
  const pair = (): void => {
    pairs = true;
  };
  return { ask, pair, ran, release, faults, logged, audit: authorizer.audit };
}

it("runs no tool for somebody else's caller", async () => {
  const { ask, pair, ran, release, faults, audit } = await served();
  expect(codeOf((await ask(await call(alice, "a", "first"))).result)).toBeUndefined();
  pair();
  const [slow, quick] = [await call(alice, "b", "waits"), await call(bob, "c", "bob's")];
  const waits = ask(slow);
  expect(codeOf((await ask(quick)).result)).toBe("guard_failed");
  release();
  expect(codeOf((await waits).result)).toBeUndefined();
  expect(ran).toEqual([
    ["first", "alice"],
    ["waits", "alice"],
  ]);
  expect(faults).toEqual([expect.stringContaining("give the guard to the server's connect")]);
  expect(audit.records.map(({ code }) => code)).toEqual([undefined, "guard_failed", undefined]);
});

it("closes a tool whose function is not told for which request it is called, once one ran for somebody else's caller", async () => {
  const { ask, pair, release, faults, audit } = await served(false);
  expect(codeOf((await ask(await call(alice, "a", "first"))).result)).toBeUndefined();
  pair();
  const [slow, quick, next] = [await call(alice, "b", "waits"), await call(bob, "c", "x"), await call(bob, "d", "y")];
  const waits = ask(slow);
  expect(codeOf((await ask(quick)).result)).toBe("result_withheld");
  release();
  await waits;
  expect(codeOf((await ask(next)).result)).toBe("policy_denied");
  expect(faults).toContainEqual(expect.stringContaining("it is not called again"));
  expect(audit.records.map(({ code }) => code)).toContain("tool_unguarded");
});

it.each([
  ["resource", "resources/read", { uri: "res://mine" }],
  ["prompt", "prompts/get", { name: "mine" }],
])("shows nothing of a %s that it made for somebody else", async (_, method, params) => {
  const { ask, pair, faults, logged } = await served();
  pair();
  const [first, second] = [await proven(alice, "a", method, params), await proven(bob, "b", method, params)];
  const [own, others] = await Promise.all([ask(first), ask(second)]);
  expect(JSON.stringify(own)).toContain("of alice");
  expect(errorCodeOf(others.error)).toBe("result_withheld");
  expect(logged).toEqual(["of alice"]);
  expect(faults).toEqual([expect.stringContaining("within another one")]);
});

it("shows nothing of a list that it made for somebody else", async () => {
  const { ask, pair, ran, release, faults, logged } = await served();
  pair();
  const [slow, list] = [
    await proven(alice, "a", "resources/read", { uri: "res://waits" }),
    await proven(bob, "b", "prompts/list", {}),
  ];
  const waits = ask(slow);
  await expect.poll(() => ran).toEqual(["waits"]);
  expect(errorCodeOf((await ask(list)).error)).toBe("result_withheld");
  release();
  expect((await waits).error).toBeUndefined();
  expect(logged).toEqual([]);
  expect(faults).toEqual([expect.stringContaining("within another one")]);
});
