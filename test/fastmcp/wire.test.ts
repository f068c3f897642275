/** Messages that no honest client sends. */
import { prove } from "@hopwise/core/tokens";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { PAY_SERVER } from "../../examples/finance-team/company.ts";
import { createPayServer } from "../../examples/finance-team/pay-server.ts";
import { codeOf, post, proven, provenCall, request, session, textOf } from "../support/mcp/client.ts";
import { loosely } from "../support/mcp/loose-transport.ts";
import { emptyServer, OPEN_TO_ALICE, plannerWith, type Served, serve, start } from "../support/mcp/server.ts";
import { quietConsole } from "../support/quiet.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
let served: Served;
const ran: unknown[] = [];
const seen: unknown[] = [];

quietConsole("log", "error");
beforeAll(async () => {
  served = await serve(world, {
    stateless: true,
    map: { echo: OPEN_TO_ALICE },
    add: (server) =>
      server.addTool({
        name: "echo",
        parameters: z.looseObject({ name: z.string() }),
        execute: async (args, { requestId }) => {
          ran.push(args);
          seen.push(requestId);
          return "done";
        },
      }),
  });
});
afterAll(() => served.stop());

async function expectNothingRan(body: unknown): Promise<void> {
  const before = [ran.length, served.payments.length];
  const { messages, status } = await post(served.url, body);
  expect([ran.length, served.payments.length]).toEqual(before);
  for (const message of messages) expect(message.result?.["isError"] ?? message.error).toBeTruthy();
  expect(status).toBeLessThan(500);
}

describe("a tool call", () => {
  const payment = { to: "Globex", amount: 1, currency: "EUR" };

  it("does nothing with params that are missing, null, an array or a text", async () => {
    for (const params of [undefined, null, [], ["send_payment"], "send_payment", 7])
      await expectNothingRan({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  });

  it("does nothing with a name that is not a text, though a proof for the text it turns into is there", async () => {
    const held = await plannerWith(world, "echo");
    const call = await provenCall(held, 1, "echo", { name: "x" });
    for (const name of [["echo"], { toString: "echo" }, { 0: "echo" }, null, 1, true]) {
      const { messages } = await post(served.url, { ...call, params: { ...call.params, name } });
      expect(messages[0]).toMatchObject({ error: { code: 4303, data: { code: "arguments_malformed" } } });
    }
  });

  it("does nothing with arguments that are an array, a text or a number", async () => {
    const held = await plannerWith(world, "echo");
    const call = await provenCall(held, 1, "echo", {});
    for (const args of [[], ["x"], "x", 7, true])
      await expectNothingRan({ ...call, params: { ...call.params, arguments: args } });
  });

  it("is judged by what was read of a doubled member, whichever the proof names", async () => {
    const text = (proof: string, chain: string): string =>
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"send_payment","arguments":{"to":"Globex","amount":1,"amount":900,"currency":"EUR"},"_meta":{"dev.hopwise/chain":"${chain}","dev.hopwise/proof":"${proof}"}}}`;
    const made = await prove(world.planner, { tool: "send_payment", arguments: payment, audience: PAY_SERVER });
    const { messages } = await post(served.url, text(made.proof, made.chain));
    expect(codeOf(messages[0]?.result)).toBe("proof_arguments_mismatch");
    expect(served.payments).toEqual([]);
  });

  it("refuses numbers that no double holds, lone surrogates and __proto__, and does not crash", async () => {
    const held = await plannerWith(world, "echo");
    const call = JSON.stringify(await provenCall(held, 1, "echo", { name: "REPLACED" }));
    for (const odd of ["1e400", "9007199254740993", '"\\ud800"', '{"__proto__":{"admin":true}}', '{"constructor":1}']) {
      const before = ran.length;
      const { messages, status } = await post(served.url, call.replace('"REPLACED"', odd));
      expect(status).toBe(200);
      expect(["arguments_malformed", "proof_arguments_mismatch"]).toContain(codeOf(messages[0]?.result));
      expect(ran).toHaveLength(before);
    }
  });

  it("refuses arguments that are too deep or too large, and does not crash", async () => {
    const held = await plannerWith(world, "echo");
    const call = JSON.stringify(await provenCall(held, 1, "echo", { name: "REPLACED" }));
    const deep = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;
    for (const odd of [deep(100), JSON.stringify("x".repeat(5_000_000))]) {
      const { messages } = await post(served.url, call.replace('"REPLACED"', odd));
      expect(codeOf(messages[0]?.result)).toBe("arguments_malformed");
    }
    // So deep that mcp-proxy fails before anybody is asked.
    await post(served.url, call.replace('"REPLACED"', deep(10_000)));
    expect((await post(served.url, request(1, "ping"))).messages[0]).toHaveProperty("result");
  });

  it("takes absent arguments for none, as its proof does, and refuses those that are null, as FastMCP does", async () => {
    const held = await plannerWith(world, "echo");
    for (const [args, answered] of [
      // The schema wants a name: it was asked, so the call passed with {}.
      [{}, /name/],
      [{ arguments: null }, /arguments_malformed/],
    ] as const) {
      const call = await provenCall(held, 1, "echo", {});
      const { arguments: _, ...params } = call.params ?? {};
      const { messages } = await post(served.url, { ...call, params: { ...params, ...args } });
      expect(messages[0]?.error?.message ?? textOf(messages[0]?.result)).toMatch(answered);
    }
  });

  it("finds no tool behind the names that every object has", async () => {
    for (const name of [
      "__proto__",
      "constructor",
      "toString",
      "hasOwnProperty",
      "mcp:tools/list",
      "dev.hopwise/guard",
      "",
    ]) {
      // There is no proof of a call of no tool.
      const { params } = await provenCall(world.planner, 1, name || "constructor");
      const { messages } = await post(served.url, request(1, "tools/call", { ...params, name }));
      expect([name, messages[0]?.result?.["isError"]]).toEqual([name, true]);
    }
  });

  it("cannot borrow the name of an operation of MCP that was granted", async () => {
    const uri = { uri: "policy://payments" };
    const made = await prove(world.planner, { tool: "mcp:resources/read", arguments: uri, audience: PAY_SERVER });
    const _meta = { "dev.hopwise/chain": made.chain, "dev.hopwise/proof": made.proof };
    const { messages } = await post(
      served.url,
      request(1, "tools/call", { name: "mcp:resources/read", arguments: uri, _meta }),
    );
    expect(codeOf(messages[0]?.result)).toBe("policy_denied");
  });
});

describe("a proof", () => {
  const args = { id: "INV-9" };
  const send = async (url: string, made: { chain: string; proof: string }, name: string, given: object) => {
    const _meta = { "dev.hopwise/chain": made.chain, "dev.hopwise/proof": made.proof };
    const { messages } = await post(url, request(1, "tools/call", { name, arguments: given, _meta }));
    return codeOf(messages[0]?.result);
  };

  it("is good for one tool, one set of arguments, one chain and one use", async () => {
    const made = () => prove(world.planner, { tool: "read_invoice", arguments: args, audience: PAY_SERVER });
    expect(await send(served.url, await made(), "get_transactions", { account: "4711" })).toBe("proof_invalid");
    expect(await send(served.url, await made(), "read_invoice", { id: "INV-7" })).toBe("proof_arguments_mismatch");
    const { chain } = await prove(world.researcher, { tool: "read_invoice", arguments: args, audience: PAY_SERVER });
    expect(await send(served.url, { ...(await made()), chain }, "read_invoice", args)).toBe("proof_invalid");
    const once = await made();
    expect(await send(served.url, once, "read_invoice", args)).toBeUndefined();
    expect(await send(served.url, once, "read_invoice", args)).toBe("proof_replayed");
  });

  it("is good for one use among a hundred at the same moment", async () => {
    const once = await prove(world.planner, { tool: "read_invoice", arguments: args, audience: PAY_SERVER });
    const codes = await Promise.all(Array.from({ length: 100 }, () => send(served.url, once, "read_invoice", args)));
    expect(codes.filter((code) => code === undefined)).toHaveLength(1);
    expect(codes.filter((code) => code === "proof_replayed")).toHaveLength(99);
  });

  it("is used up for every server and transport that shares the authorizer", async () => {
    const stateful = await start(createPayServer(served.authorizer, []));
    const own = await session(stateful.url);
    const call = await provenCall(world.planner, 1, "read_invoice", args);
    expect(textOf((await post(served.url, call)).messages[0]?.result)).toContain("toner");
    expect(codeOf((await post(stateful.url, call, own)).messages[0]?.result)).toBe("proof_replayed");
    const other = await provenCall(world.planner, 2, "read_invoice", args);
    expect(textOf((await post(stateful.url, other, own)).messages[0]?.result)).toContain("toner");
    expect(codeOf((await post(served.url, other)).messages[0]?.result)).toBe("proof_replayed");
    await stateful.stop();
  });

  it("for another server is refused here, though the same authorizer's trust made the chain", async () => {
    const elsewhere = "https://bank.example/mcp";
    const other = await world.authorizer({ audience: elsewhere });
    const server = emptyServer(other.authorizer);
    const loose = await loosely(server);
    loose.say(await provenCall(world.planner, 1, "read_invoice", args));
    expect(codeOf((await loose.answer(1)).result)).toBe("audience_mismatch");
  });
});

describe("behind the guard", () => {
  it("no handler sees chain or proof, and the other members of _meta are still there", async () => {
    const held = await plannerWith(world, "echo");
    const call = request(1, "tools/call", { name: "echo", arguments: { name: "x" }, _meta: { requestId: "mine" } });
    await post(served.url, await proven(held, call));
    expect(seen.at(-1)).toBe("mine");
    const handled = await handledBy(
      await proven(held, request(2, "resources/read", { uri: "policy://payments", _meta: { trace: "t" } })),
      await proven(held, request(3, "tools/list")),
      { jsonrpc: "2.0", method: "notifications/initialized", params: { _meta: { "dev.hopwise/chain": "c", a: 1 } } },
      request(4, "ping", { _meta: { "dev.hopwise/proof": "p" } }),
    );
    expect(JSON.stringify(handled)).not.toMatch(/dev\.hopwise/);
    expect(handled).toMatchObject([
      { params: { uri: "policy://payments", _meta: { trace: "t" } } },
      { method: "tools/list", params: {} },
      { params: { _meta: { a: 1 } } },
      { method: "ping" },
    ]);
  });

  /** What the SDK's server gets of these messages. */
  async function handledBy(...messages: unknown[]): Promise<unknown[]> {
    const { authorizer } = world.authorizer();
    const server = emptyServer(authorizer);
    server.addResource({ uri: "policy://payments", name: "p", load: async () => ({ text: "" }) });
    const loose = await loosely(server);
    const handled: unknown[] = [];
    const transport = server.sessions[0]?.server.transport;
    const { onmessage } = transport ?? {};
    if (transport)
      transport.onmessage = (message, extra) => {
        handled.push(structuredClone(message));
        onmessage?.(message, extra as never);
      };
    for (const message of messages) {
      loose.say(message);
      const { id } = message as { id?: number };
      if (id !== undefined) await loose.answer(id);
    }
    await loose.close();
    return handled;
  }
});

describe("on a transport that checks nothing", () => {
  it("messages of no known form do nothing, and harm nobody", async () => {
    const { authorizer } = world.authorizer();
    const loose = await loosely(emptyServer(authorizer));
    const forms: unknown[] = [
      { jsonrpc: "2.0", id: null, method: "tools/call", params: { name: "x" } },
      { jsonrpc: "2.0", id: {}, method: "tools/list" },
      { jsonrpc: "2.0", method: 7 },
      { jsonrpc: "2.0", method: "tools/call", params: null },
      { jsonrpc: "2.0" },
      {},
      [],
      { jsonrpc: "2.0", id: 1, result: {} },
      { jsonrpc: "2.0", method: "notifications/cancelled" },
      { jsonrpc: "2.0", method: "notifications/cancelled", params: null },
      { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: { a: 1 } } },
    ];
    const before = loose.sent.length;
    for (const form of forms) loose.say(form);
    loose.say(request("last", "ping"));
    await loose.answer("last");
    expect(loose.sent.slice(before)).toHaveLength(1);
  });

  it.each([
    ["null", null],
    ["an array", []],
    ["a text", "x"],
    ["with a _meta of null", { _meta: null }],
    ["with a _meta that is an array", { _meta: [] }],
    ["with a _meta that is a text", { _meta: "x" }],
    ["with a progress token that is neither a text nor a whole number", { _meta: { progressToken: {} } }],
  ])("params that are %s are malformed, whatever the method", async (_, params) => {
    const { authorizer } = world.authorizer();
    const loose = await loosely(emptyServer(authorizer));
    for (const [id, method] of ["tools/call", "tools/list", "resources/read", "prompts/get", "ping"].entries()) {
      loose.say({ jsonrpc: "2.0", id, method, params });
      expect((await loose.answer(id)).error).toMatchObject({ code: 4303, data: { code: "arguments_malformed" } });
    }
  });

  it("a chain that is no text is none", async () => {
    const { authorizer } = world.authorizer();
    const loose = await loosely(emptyServer(authorizer));
    loose.say(request(1, "tools/list", { _meta: { "dev.hopwise/chain": {} } }));
    expect((await loose.answer(1)).error).toMatchObject({ code: 4301 });
  });

  it("a message that is changed after it was given is judged as it was", async () => {
    const { authorizer } = world.authorizer({ tools: { echo: OPEN_TO_ALICE, other: OPEN_TO_ALICE } });
    const got: string[] = [];
    const server = emptyServer(authorizer);
    for (const name of ["echo", "other"])
      server.addTool({
        name,
        parameters: z.object({ name: z.string() }),
        execute: async (args) => void got.push(name, args.name),
      });
    const loose = await loosely(server);
    const held = await plannerWith(world, "echo", "other");
    const call = structuredClone(await provenCall(held, 1, "echo", { name: "x" })) as unknown as {
      method: string;
      params: { name: string; arguments: { name: string } };
    };
    loose.say(call);
    call.params.arguments.name = "y";
    call.params.name = "other";
    call.method = "resources/list";
    await loose.answer(1);
    expect(got).toEqual(["echo", "x"]);
  });

  it('ids 1 and "1" are two requests', async () => {
    const { authorizer } = world.authorizer();
    const loose = await loosely(emptyServer(authorizer));
    loose.say(await proven(world.planner, request(1, "tools/list")));
    loose.say(await proven(world.planner, request("1", "tools/list")));
    expect(await loose.answer(1)).toHaveProperty("result");
    expect(await loose.answer("1")).toHaveProperty("result");
  });
});

it("the protocol of 2026-07-28, which makes sessions in another way, is not served", async () => {
  // Once FastMCP serves it: see that the guard is in the way of it, then change this.
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "x", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/list" };
  const { status, text } = await post(served.url, request(1, "tools/list", { _meta }), headers);
  expect(status).toBe(400);
  expect(text).toContain("cannot serve the 2026-07-28 protocol");
});
