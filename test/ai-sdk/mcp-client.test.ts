import { authorizeTools } from "@hopwise/ai-sdk";
import { createMcpClient } from "@hopwise/ai-sdk/mcp";
import { createIssuer, generateSigner, type HeldDelegation } from "@hopwise/core";
import { anyArguments, grantFor } from "@hopwise/core/grant";
import type { ToolSet } from "ai";
import { FastMCP } from "fastmcp";
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { ISSUER, PAY_SERVER } from "../../examples/finance-team/company.ts";
import { GOOD } from "../support/calls.ts";
import { LOOPS, scripted } from "../support/language-model.ts";
import { type Fate, front } from "../support/mcp/front.ts";
import { clientOf, servePayments } from "../support/mcp/pay-server.ts";
import { serveHere, start } from "../support/mcp/server.ts";
import { failing } from "../support/policy-clients.ts";
import { quiet } from "../support/quiet.ts";
import { TOKEN_TEXT } from "../support/token-text.ts";
import { worldHere } from "../support/world.ts";

const BANK = "https://bank.example/mcp";

const world = await worldHere();
const served = await servePayments(world);
afterAll(() => served.stop());

describe("a client of a server", () => {
  it("waits a minute for a server that starts and never answers, or as long as it is told, and not for ever", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const silent = { start: async () => {}, send: async () => {}, close: async () => {} };
    for (const [ms, more] of [[60_000, {}] as const, [5000, { initializationOptions: { timeout: 5000 } }] as const]) {
      const options = { transport: silent, delegation: world.planner, audience: PAY_SERVER, ...more };
      const made = createMcpClient(options).catch(({ message }: Error) => message);
      await vi.advanceTimersByTimeAsync(ms);
      expect(await made).toBe(`MCP client initialization timed out after ${ms}ms`);
    }
  });

  it("gives only the tools that were handed over, whatever an unguarded server offers", async () => {
    const open = new FastMCP({ name: "open", version: "1.0.0", logger: quiet });
    for (const name of ["read_invoice", "send_payment", "drop_tables"]) {
      open.addTool({ name, description: name, execute: async () => "done" });
    }
    const { url, stop } = await start(open, true);
    onTestFinished(stop);
    const client = await clientOf(url, world.researcher);
    expect(Object.keys(await client.tools())).toEqual(["read_invoice"]);
    expect(Object.keys(await client.tools()), "a second time as well").toEqual(["read_invoice"]);
    const elsewhere = await clientOf(url, world.planner);
    expect(Object.keys(await elsewhere.tools())).toEqual(["read_invoice", "send_payment"]);
  });

  it("gives an error and no empty list while the server cannot ask its policies", async () => {
    const broken = await serveHere(world, {
      stateless: true,
      authorizer: { cerbos: failing(new Error("connection reset")) },
    });
    const client = await clientOf(broken.url, world.planner);
    await expect(client.tools()).rejects.toThrow("Not allowed (policy_unavailable)");
  });

  it("signs for the audience of its own configuration, whatever the server says of itself", async () => {
    const bank = "https://bank.example/mcp";
    const hostile = await front("", ({ method }): Fate => {
      const serverInfo = { name: bank, version: "1" };
      const capabilities = { tools: {}, extensions: { "dev.hopwise/delegation": { audience: bank } } };
      if (method === "initialize") return { result: { protocolVersion: "2025-06-18", capabilities, serverInfo } };
      if (method === "tools/list")
        return { result: { tools: [{ name: "send_payment", inputSchema: { type: "object" } }] } };
      if (method === "tools/call") return { result: { content: [{ type: "text", text: `audience=${bank}` }] } };
      return "lose";
    });
    const client = await clientOf(hostile.url, world.planner);
    await client.tools();
    await client.callTool({ name: "send_payment", arguments: { ...GOOD } });
    expect(hostile.proofs().map(({ aat_aud }) => aat_aud)).toEqual([PAY_SERVER]);
  });

  it("is refused at once, and sends nothing, where its configuration names a server that the delegation is not for", async () => {
    const way = await front(served.url);
    const made = createMcpClient({
      transport: { type: "http", url: way.url },
      delegation: world.planner,
      audience: "https://bank.example/mcp",
    });
    await expect(made).rejects.toMatchObject({
      code: "audience_mismatch",
      message: expect.stringContaining(`not for "https://bank.example/mcp"; it is for ${PAY_SERVER}: give`),
    });
    expect(way.messages).toEqual([]);
  });

  it("sends no call where its source comes to give a delegation for another server", async () => {
    const issuer = await createIssuer({
      issuer: ISSUER,
      signer: await generateSigner(),
      audiences: [BANK],
      subjects: "any",
      tools: "any",
    });
    const holder = world.planner.signer;
    const elsewhere = await issuer.issue({ subject: "alice", agent: "planner", holder, grant: world.planner.grant });
    const way = await front(served.url);
    let current: HeldDelegation = world.planner;
    const client = await createMcpClient({
      transport: { type: "http", url: way.url },
      delegation: async () => current,
      audience: PAY_SERVER,
    });
    onTestFinished(() => client.close());
    current = elsewhere;
    await expect(client.tools()).rejects.toMatchObject({ code: "audience_mismatch" });
    await expect(client.callTool({ name: "send_payment", arguments: GOOD })).rejects.toMatchObject({
      code: "audience_mismatch",
    });
    expect(JSON.stringify(way.messages)).not.toMatch(TOKEN_TEXT);
    expect(way.messages.map(({ method }) => method)).not.toContain("tools/call");
  });

  // A proof keeps others from repeating a call, not the client itself: `maxRetries` is only for tools that may run twice.
  it("signs anew for a retry, which so is a call of its own: where only the answer was lost, it is paid twice", async () => {
    const { records, payments } = served.seen();
    let lost = 0;
    const way = await front(served.url, ({ method }) =>
      method === "tools/call" && lost++ === 0 ? "lose the answer" : "pass",
    );
    const client = await clientOf(way.url, world.planner, { maxRetries: 1 });
    const result = await client.callTool({ name: "send_payment", arguments: { ...GOOD } });
    expect(result.isError).not.toBe(true);
    const [first, second, ...more] = way.proofs();
    expect([first?.["hta"], second?.["hta"], more]).toEqual([GOOD, GOOD, []]);
    expect(first?.["jti"]).not.toBe(second?.["jti"]);
    const paid = records().filter(({ tool }) => tool === "send_payment");
    expect(paid.map(({ outcome }) => outcome)).toEqual(["allowed", "allowed"]);
    expect(payments()).toEqual([GOOD, GOOD]);
  });

  it.each<Fate>(["lose the answer", "end the stream", "break the stream"])(
    "does not retry by itself: a lost answer is an error, and nothing is paid twice: %s",
    async (fate) => {
      const { payments } = served.seen();
      const way = await front(served.url, ({ method }) => (method === "tools/call" ? fate : "pass"));
      const client = await clientOf(way.url, world.planner);
      const script = scripted([{ tool: "send_payment", input: GOOD }], "I do not know whether it was paid.");
      const { text } = (await LOOPS[0]?.[1](script.model, (await client.tools()) as ToolSet)) ?? { text: "" };
      expect(text).toBe("I do not know whether it was paid.");
      expect(way.proofs()).toHaveLength(1);
      expect(payments()).toEqual([GOOD]);
    },
  );

  it("ends in denials that the model can read, and sends nothing more, when its delegation expires on the way", async () => {
    const { payments } = served.seen();
    const way = await front(served.url);
    const shortLived = await world.issuer.issue({
      subject: "alice",
      agent: "planner",
      holder: world.keys.planner,
      grant: world.planner.grant,
      lifetimeSeconds: 2,
    });
    const client = await clientOf(way.url, shortLived);
    const tools = (await client.tools()) as ToolSet;
    const { execute } = tools["read_invoice"] as { execute: (...args: unknown[]) => Promise<unknown> };
    const waits = async (...args: unknown[]): Promise<unknown> => {
      const result = await execute(...args);
      await new Promise((resolve) => setTimeout(resolve, shortLived.expiresAt * 1000 - Date.now()));
      return result;
    };
    const script = scripted(
      [{ tool: "read_invoice", input: { id: "INV-9" } }],
      [{ tool: "send_payment", input: GOOD }],
      "My time is over.",
    );
    const patient = { ...tools, read_invoice: { ...tools["read_invoice"], execute: waits } } as ToolSet;
    const { text } = (await LOOPS[0]?.[1](script.model, patient)) ?? { text: "" };
    expect(script.results().at(-1)?.[1]).toMatch(/the delegation has expired \([^)]*\); have it made anew/);
    expect(text).toBe("My time is over.");
    expect(way.proofs()).toHaveLength(1);
    expect(payments()).toEqual([]);
  });

  it("with a delegation that was copied says so, and sends no token", async () => {
    const way = await front(served.url);
    await expect(clientOf(way.url, { ...world.planner } as HeldDelegation)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("uncopied"),
    });
    expect(JSON.stringify(way.messages)).not.toMatch(TOKEN_TEXT);
  });
});

describe("a delegation for several servers", () => {
  const docs = "https://docs.acme.example/mcp";
  const forBoth = async () => {
    const issuer = await createIssuer({
      issuer: ISSUER,
      signer: world.issuerKey,
      audiences: [PAY_SERVER, docs],
      subjects: ["alice"],
      tools: "any",
    });
    const delegation = await issuer.issue({
      subject: "alice",
      agent: "planner",
      holder: world.keys.planner,
      grant: grantFor({ [PAY_SERVER]: { send_payment: anyArguments }, [docs]: { read_invoice: anyArguments } }),
    });
    return { delegation, trust: [issuer.trustAnchor] };
  };

  it("gives each client the tools of its own server, under the names that they have there", async () => {
    const { delegation } = await forBoth();
    const tools = ["read_invoice", "send_payment"].map((name) => ({ name, inputSchema: { type: "object" } }));
    const server = await front("", ({ method }): Fate => {
      const serverInfo = { name: "any", version: "1" };
      if (method === "initialize") {
        return { result: { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo } };
      }
      return method === "tools/list" ? { result: { tools } } : "lose";
    });
    for (const [audience, name] of [
      [PAY_SERVER, "send_payment"],
      [docs, "read_invoice"],
    ] as const) {
      const client = await clientOf(server.url, delegation, { audience });
      expect(Object.keys(await client.tools())).toEqual([name]);
    }
  });

  it("gives a loop the local tools of its own enforcement point, and decides their calls by their own names", async () => {
    const { delegation, trust } = await forBoth();
    const { authorizer, audit } = world.authorizer({ trust });
    const execute = async () => "done";
    const tools = { send_payment: { execute }, read_invoice: { execute } };
    const guarded = await authorizeTools(tools, { authorizer, delegation });
    expect(Object.keys(guarded)).toEqual(["send_payment"]);
    expect(await (guarded.send_payment.execute as (input: object) => unknown)(GOOD)).toBe("done");
    expect(audit.records.at(-1)).toMatchObject({ tool: "send_payment", outcome: "allowed" });
  });
});
