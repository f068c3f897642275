/** What a guarded FastMCP server serves, over each of its transports, and to whom. */

import type { HeldDelegation } from "@hopwise/core";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { FastMCP } from "fastmcp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  callTool,
  carrying,
  clientOf,
  codeOf,
  connected,
  errorCodeOf,
  failure,
  post,
  proven,
  provenCall,
  request,
  session,
  sseClientOf,
  textOf,
} from "../support/mcp/client.ts";
import { plannerWith, type Served, serve } from "../support/mcp/server.ts";
import { quietConsole } from "../support/quiet.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
let stateful: Served;
let stateless: Served;
let json: Served;

const HIDDEN = { uri: "secret://salaries", name: "Salaries", mimeType: "text/plain" };

/** Beside the story: things that exist but were given to nobody, and a template that was. */
function addMore(server: FastMCP): void {
  server.addResource({ ...HIDDEN, load: async () => ({ text: "secret" }) });
  server.addResourceTemplate({
    uriTemplate: "policy://{topic}",
    name: "Policies",
    arguments: [{ name: "topic", required: true }],
    load: async ({ topic }) => ({ text: `about ${topic}` }),
  });
  server.addPrompt({ name: "dismissal", description: "Fires somebody", load: async () => "You are fired." });
}

quietConsole("log");
beforeAll(async () => {
  stateful = await serve(world, { add: addMore });
  stateless = await serve(world, { stateless: true, add: addMore });
  json = await serve(world, { stateless: true, json: true, add: addMore });
});
afterAll(async () => {
  await Promise.all([stateful.stop(), stateless.stop(), json.stop()]);
});

async function inMemory(server: FastMCP, held: HeldDelegation): Promise<Client> {
  const [client, own] = InMemoryTransport.createLinkedPair();
  const [connectedClient] = await Promise.all([connected(carrying(client, held)), server.connect(own)]);
  return connectedClient;
}

const TRANSPORTS: [string, (held: HeldDelegation) => Promise<Client>][] = [
  ["stateless HTTP", (held) => clientOf(stateless.url, held)],
  ["stateless HTTP with JSON answers", (held) => clientOf(json.url, held)],
  ["stateful HTTP", (held) => clientOf(stateful.url, held)],
  ["the legacy SSE endpoint", (held) => sseClientOf(stateful.sseUrl, held)],
  ["a transport of one's own, by connect()", (held) => inMemory(stateful.server, held)],
];

describe.each(TRANSPORTS)("over %s", (_, connect) => {
  let planner: Client;
  let researcher: Client;

  beforeAll(async () => {
    [planner, researcher] = await Promise.all([connect(world.planner), connect(world.researcher)]);
  });
  afterAll(() => Promise.all([planner.close(), researcher.close()]));

  it("lists to each caller the tools that were handed over, whoever listed before", async () => {
    const names = async (client: Client): Promise<string[]> => (await client.listTools()).tools.map(({ name }) => name);
    expect(await names(planner)).toEqual(["get_transactions", "read_invoice", "send_payment"]);
    expect(await names(researcher)).toEqual(["read_invoice"]);
    expect(await names(planner)).toHaveLength(3);
  });

  it("lists resources, templates and prompts that were handed over, and no others", async () => {
    expect((await planner.listResources()).resources.map(({ uri }) => uri)).toEqual(["policy://payments"]);
    expect((await planner.listResourceTemplates()).resourceTemplates.map(({ name }) => name)).toEqual(["Policies"]);
    expect((await planner.listPrompts()).prompts.map(({ name }) => name)).toEqual(["monthly-report"]);
    expect((await researcher.listResources()).resources).toEqual([]);
    expect((await researcher.listResourceTemplates()).resourceTemplates).toEqual([]);
    expect((await researcher.listPrompts()).prompts).toEqual([]);
  });

  it("runs a tool within what was handed over, and answers a denial as a tool result", async () => {
    const read = await callTool(researcher, "read_invoice", { id: "INV-9" });
    expect(textOf(read)).toContain("toner");
    expect(read.isError).toBeUndefined();
    const denied = await callTool(researcher, "read_invoice", { id: "INV-21" });
    expect(denied).toMatchObject({ isError: true, _meta: { "dev.hopwise/denial": { hop: 2, retryable: false } } });
    expect(codeOf(denied)).toBe("grant_argument_refused");
    expect(codeOf(await callTool(planner, "send_payment", { to: "Globex", amount: 9000, currency: "EUR" }))).toBe(
      "policy_denied",
    );
  });

  it("denies a call of a tool that the list hid", async () => {
    const pay = { to: "Globex", amount: 1, currency: "EUR" };
    expect(codeOf(await callTool(researcher, "send_payment", pay))).toBe("grant_tool_missing");
    expect(stateful.payments).toEqual([]);
    expect(stateless.payments).toEqual([]);
  });

  it("reads a resource and a prompt that were handed over", async () => {
    const { contents } = await planner.readResource({ uri: "policy://payments" });
    expect(contents[0]).toMatchObject({ text: expect.stringContaining("known suppliers") });
    expect((await planner.getPrompt({ name: "monthly-report" })).messages).toHaveLength(1);
  });

  it("answers a denied resource or prompt as an error with code 4303", async () => {
    const others = [
      () => researcher.readResource({ uri: "policy://payments" }),
      () => planner.readResource({ uri: HIDDEN.uri }),
      () => planner.readResource({ uri: "policy://salaries" }),
      () => planner.getPrompt({ name: "dismissal" }),
    ];
    for (const other of others) expect(await failure(other())).toMatchObject({ code: 4303 });
    expect(errorCodeOf(await failure(planner.readResource({ uri: HIDDEN.uri })))).toBe("grant_argument_refused");
  });

  it("asks the policies about a resource or a prompt, whatever was handed over", async () => {
    const everything = await connect(await plannerWith(world, "mcp:resources/read", "mcp:prompts/get"));
    expect((await everything.readResource({ uri: "policy://payments" })).contents).toHaveLength(1);
    for (const forbidden of [
      () => everything.readResource({ uri: HIDDEN.uri }),
      () => everything.getPrompt({ name: "dismissal" }),
    ])
      expect(await failure(forbidden())).toMatchObject({ code: 4303, data: { code: "policy_denied", hop: 0 } });
    await everything.close();
  });

  it("refuses what could reach data without a decision, known to MCP or not", async () => {
    const uri = "policy://payments";
    const calls: [string, object][] = [
      ["resources/subscribe", { uri }],
      ["resources/unsubscribe", { uri }],
      ["completion/complete", { ref: { type: "ref/resource", uri }, argument: { name: "topic", value: "" } }],
      ["tasks/list", {}],
      ["tasks/get", { taskId: "1" }],
      ["tasks/result", { taskId: "1" }],
      ["tasks/cancel", { taskId: "1" }],
      ["company/anything", {}],
      ["__proto__", {}],
    ];
    const anything = { parse: (value: unknown) => value } as never;
    for (const [method, params] of calls) {
      const error = await failure(planner.request({ method, params } as never, anything));
      expect([method, error.code, errorCodeOf(error)]).toEqual([method, -32601, "method_unguarded"]);
    }
  });

  it("lets through what keeps a session going", async () => {
    await planner.ping();
    await planner.setLoggingLevel("debug");
    await planner.sendRootsListChanged().catch(() => {});
    expect(planner.getServerVersion()?.name).toBe("pay");
  });
});

describe("without a chain and a proof of its own", () => {
  let ofSession: Record<string, string>;
  beforeAll(async () => {
    ofSession = await session(stateful.url);
  });

  const everything: [string, object][] = [
    ["tools/list", {}],
    ["tools/call", { name: "read_invoice", arguments: { id: "INV-9" } }],
    ["resources/list", {}],
    ["resources/templates/list", {}],
    ["resources/read", { uri: "policy://payments" }],
    ["prompts/list", {}],
    ["prompts/get", { name: "monthly-report" }],
  ];

  it.each(everything)("%s is answered with 4301: a proof is required", async (method, params) => {
    for (const [url, own] of [
      [stateless.url, {}],
      [stateful.url, ofSession],
    ] as const) {
      const { messages } = await post(url, request(1, method, params), own);
      expect(messages).toMatchObject([{ id: 1, error: { code: 4301, data: { code: "proof_missing" } } }]);
    }
  });

  it("a chain alone, a proof alone, and either as another type than text are none", async () => {
    const whole = await provenCall(world.planner, 1, "read_invoice", { id: "INV-9" });
    const meta = whole.params?.["_meta"] as Record<string, unknown>;
    const { "dev.hopwise/chain": chain, "dev.hopwise/proof": proof } = meta;
    for (const broken of [
      { "dev.hopwise/chain": chain },
      { "dev.hopwise/proof": proof },
      { "dev.hopwise/chain": [chain], "dev.hopwise/proof": proof },
      { "dev.hopwise/chain": chain, "dev.hopwise/proof": null },
      {},
    ]) {
      const { messages } = await post(stateless.url, { ...whole, params: { ...whole.params, _meta: broken } });
      expect(messages).toMatchObject([{ error: { code: 4301 } }]);
    }
  });

  it.each(["a stream", "JSON"])(
    "each message of a batch is judged alone, by its own proof, answered by %s",
    async (by) => {
      const { messages } = await post(by === "JSON" ? json.url : stateless.url, [
        await provenCall(world.researcher, 1, "read_invoice", { id: "INV-9" }),
        request(2, "tools/call", { name: "read_invoice", arguments: { id: "INV-9" } }),
        await provenCall(world.researcher, 3, "send_payment", { to: "Globex", amount: 1, currency: "EUR" }),
        await proven(world.planner, request(4, "tools/list")),
        request(5, "ping"),
        request(6, "resources/subscribe", { uri: "policy://payments" }),
      ]);
      const byId = new Map(messages.map((message) => [message.id, message]));
      expect(textOf(byId.get(1)?.result)).toContain("toner");
      expect(byId.get(2)).toMatchObject({ error: { code: 4301 } });
      expect(codeOf(byId.get(3)?.result)).toBe("grant_tool_missing");
      expect(byId.get(4)?.result?.["tools"]).toHaveLength(3);
      expect(byId.get(5)).toMatchObject({ result: {} });
      expect(byId.get(6)).toMatchObject({ error: { code: -32601, data: { code: "method_unguarded" } } });
    },
  );

  it("a tool call in the form of a notification does nothing", async () => {
    const { id: _, ...call } = await provenCall(world.planner, 1, "send_payment", {
      to: "Globex",
      amount: 1,
      currency: "EUR",
    });
    const before = stateless.audit.records.length;
    expect((await post(stateless.url, call)).status).toBe(202);
    await post(stateless.url, request(1, "ping"));
    expect(stateless.payments).toEqual([]);
    expect(stateless.audit.records).toHaveLength(before);
  });
});
