/** A server that asks for nonces instead of relying on its callers' clocks: its clients answer by themselves. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Experimental_StdioMCPTransport } from "@ai-sdk/mcp/mcp-stdio";
import { createMcpClient } from "@hopwise/ai-sdk/mcp";
import { hold, parseDelegation, serialize } from "@hopwise/core";
import type { DecisionRecord } from "@hopwise/core/audit";
import { createNonces } from "@hopwise/core/state";
import { carryingFetch } from "@hopwise/mcp";
import type { ToolSet } from "ai";
import { describe, expect, it, onTestFinished } from "vitest";
import { PAY_SERVER } from "../../examples/finance-team/company.ts";
import { GOOD } from "../support/calls.ts";
import { LOOPS, scripted } from "../support/language-model.ts";
import { callTool, clientOf, codeOf, post, provenCall, sseClientOf, textOf } from "../support/mcp/client.ts";
import { front } from "../support/mcp/front.ts";
import { clientOf as aiSdkClientOf } from "../support/mcp/pay-server.ts";
import { serveHere } from "../support/mcp/server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TOKEN_TEXT } from "../support/token-text.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();

const asking = (stateless: boolean, json = false) =>
  serveHere(world, { stateless, json, authorizer: { nonces: createNonces() } });

/** What came of the calls of tools: each decided once, whatever was asked for before. */
function calls(records: readonly DecisionRecord[]): string[] {
  return records.filter(({ tool }) => !tool.startsWith("mcp:")).map(({ tool, outcome }) => `${tool} ${outcome}`);
}

describe.each([
  ["with sessions, by streams", false, false],
  ["with sessions, by JSON", false, true],
  ["without sessions, by streams", true, false],
  ["without sessions, by JSON", true, true],
])("a FastMCP server that asks for nonces, %s", (_, stateless, json) => {
  it("serves a loop of the AI SDK, each call once, on a proof with a nonce of its own", async () => {
    const { url, audit, payments } = await asking(stateless, json);
    const way = await front(url);
    const client = await aiSdkClientOf(way.url, world.planner);
    const script = scripted(
      [
        { tool: "send_payment", input: GOOD },
        { tool: "send_payment", input: { ...GOOD, amount: 9000 } },
        { tool: "read_invoice", input: { id: "INV-9" } },
      ],
      "Done.",
    );
    const { text } = (await LOOPS[0]?.[1](script.model, (await client.tools()) as ToolSet)) ?? { text: "" };
    expect(text).toBe("Done.");
    const [paid, denied, invoice] = script.results().map(([, result]) => result);
    expect(paid).toContain("paid 400 EUR to Globex");
    expect(denied).toContain("Not allowed (policy_denied)");
    expect(invoice).toContain("120 EUR for toner");
    expect(payments).toEqual([GOOD]);
    expect(
      calls(audit.records)
        .filter((call) => call.endsWith("allowed"))
        .sort(),
    ).toEqual(["read_invoice allowed", "send_payment allowed"]);
    const nonces = way.proofs().map(({ nonce }) => nonce);
    expect(nonces.filter((nonce) => nonce === undefined)).toHaveLength(3);
    expect(new Set(nonces).size, "three, and none twice").toBe(4);
    expect(script.shown()).not.toMatch(TOKEN_TEXT);
    expect(script.shown()).not.toContain("proof_nonce_required");
  });

  it("serves a client of the official SDK", async () => {
    const { url, payments } = await asking(stateless, json);
    const client = await clientOf(url, world.planner);
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain("send_payment");
    expect(textOf(await callTool(client, "send_payment", GOOD))).toContain("paid 400 EUR");
    expect((await client.readResource({ uri: "policy://payments" })).contents).toHaveLength(1);
    expect(codeOf(await callTool(client, "send_payment", { ...GOOD, amount: 9000 }))).toBe("policy_denied");
    expect(payments).toEqual([GOOD]);
    await client.close();
  });
});

describe("a FastMCP server that asks for nonces", () => {
  it("serves a client whose clock is hours off", async () => {
    const { url } = await asking(true);
    const clock = (): number => Date.now() - 5 * 3_600_000;
    const fetch = carryingFetch({ delegation: world.planner, audience: PAY_SERVER, clock });
    const call = {
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "read_invoice", arguments: { id: "INV-9" } },
    };
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(call) });
    expect(await answer.text()).toContain("120 EUR for toner");
  });

  it("serves a client over the legacy SSE endpoint, by a transport that carries the chain", async () => {
    const { sseUrl, payments } = await asking(false);
    const client = await sseClientOf(sseUrl, world.planner);
    expect(textOf(await callTool(client, "send_payment", GOOD))).toContain("paid 400 EUR");
    expect(payments).toEqual([GOOD]);
    await client.close();
  });

  it("refuses the proof of a first call sent again, and a nonce used twice", async () => {
    const { url, payments } = await asking(true);
    const first = await provenCall(world.planner, 1, "send_payment", GOOD);
    for (const _ of [1, 2]) {
      const [message] = (await post(url, first)).messages;
      expect(message).toMatchObject({ error: { code: 4301, data: { code: "proof_nonce_required" } } });
    }
    const way = await front(url);
    const client = await aiSdkClientOf(way.url, world.planner);
    await client.callTool({ name: "send_payment", arguments: { ...GOOD } });
    const again = await post(url, way.messages.filter(({ method }) => method === "tools/call").at(-1));
    expect(codeOf(again.messages[0]?.result)).toBe("proof_replayed");
    expect(payments).toEqual([GOOD]);
  });
});

describe("a FastMCP server over stdio that asks for nonces", () => {
  it("serves a client of the AI SDK, each call once", async () => {
    const folder = temporaryFolder();
    const records = join(folder, "records.jsonl");
    const setup = {
      target: world.pdp.target,
      anchor: { ...world.issuer.trustAnchor },
      keys: { planner: world.keys.planner.publicJwk, researcher: world.keys.researcher.publicJwk },
      records,
      asksForNonces: true,
    };
    const transport = new Experimental_StdioMCPTransport({
      command: process.execPath,
      args: [fileURLToPath(new URL("../support/mcp/stdio-pay-server.ts", import.meta.url))],
      env: { PAY_SERVER_SETUP: JSON.stringify(setup) },
    });
    const client = await createMcpClient({ transport, delegation: world.researcher, audience: PAY_SERVER });
    onTestFinished(() => client.close());
    expect(Object.keys(await client.tools())).toEqual(["read_invoice"]);
    const both = await Promise.all(
      ["INV-9", "INV-9"].map((id) => client.callTool({ name: "read_invoice", arguments: { id } })),
    );
    expect(both.map(textOf)).toEqual([expect.stringContaining("toner"), expect.stringContaining("toner")]);
    const decided = readFileSync(records, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as DecisionRecord)
      .filter(({ kind }) => kind === "decision");
    expect(calls(decided)).toEqual(["read_invoice allowed", "read_invoice allowed"]);
  });
});

describe("a loop of the AI SDK with a key store that fails in the middle", () => {
  it("tells its model that a call could not be proven, and nothing of what the key store said", async () => {
    const { url, audit } = await asking(true);
    let signed = 0;
    const { publicJwk, sign } = world.keys.planner;
    const signer = {
      publicJwk,
      sign: async (data: Uint8Array) => {
        if (signed++ < 2) return sign(data);
        throw new Error("hsm-7 refused the PIN 4711");
      },
    };
    const held = await hold(await parseDelegation(serialize(world.planner)), signer);
    const client = await aiSdkClientOf(url, held);
    const tools = (await client.tools()) as ToolSet;
    const script = scripted([{ tool: "read_invoice", input: { id: "INV-9" } }], "It is not to be had.");
    const { text } = (await LOOPS[0]?.[1](script.model, tools)) ?? { text: "" };
    expect(text).toBe("It is not to be had.");
    expect(script.results()[0]?.[1]).toContain("the request could not be proven, so it was not sent");
    expect(script.shown()).not.toMatch(/4711|hsm/);
    expect(calls(audit.records)).toEqual([]);
  });
});
