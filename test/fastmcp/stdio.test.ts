/** A guarded server as a child process, over stdio. */
import { fileURLToPath } from "node:url";
import { serialize } from "@hopwise/core";
import { carryOver, type JsonRpcMessage, type McpTransport } from "@hopwise/mcp";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { LoggingMessageNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it } from "vitest";
import {
  callTool,
  carrying,
  codeOf,
  connected,
  errorCodeOf,
  failure,
  newClient,
  proven,
  request,
  textOf,
} from "../support/mcp/client.ts";
import { TOKEN_TEXT } from "../support/token-text.ts";
import { worldHere } from "../support/world.ts";
import type { StdioSetup } from "./stdio-server.ts";

const world = await worldHere();

/** The child's stdin and stdout as a transport, and all that it printed. */
function child(): { transport: StdioClientTransport; printed(): string } {
  const setup: StdioSetup = {
    pdp: world.pdp.target,
    trust: world.issuer.trustAnchor,
    keys: { planner: world.keys.planner.publicJwk, researcher: world.keys.researcher.publicJwk },
  };
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [fileURLToPath(new URL("stdio-server.ts", import.meta.url))],
    env: { TEST_SETUP: JSON.stringify(setup) },
    stderr: "pipe",
  });
  let printed = "";
  transport.stderr?.on("data", (chunk) => {
    printed += chunk;
  });
  return { transport, printed: () => printed };
}

describe("over stdio", () => {
  it("the same holds as over HTTP, and no token is printed, whatever is logged", async () => {
    const { transport, printed } = child();
    const client = newClient();
    const logged: unknown[] = [];
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void logged.push(params.data));
    await connected(carrying(transport, world.planner), client);

    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["read_invoice", "send_payment"]);
    expect(textOf(await callTool(client, "read_invoice", { id: "INV-9" }))).toContain("toner");
    expect(logged).toEqual([{ message: "reading INV-9" }]);
    expect(codeOf(await callTool(client, "send_payment", { to: "Globex", amount: 9000, currency: "EUR" }))).toBe(
      "policy_denied",
    );
    expect((await client.readResource({ uri: "policy://payments" })).contents).toHaveLength(1);
    expect(errorCodeOf(await failure(client.readResource({ uri: "policy://nowhere" })))).toBe("grant_argument_refused");
    expect(errorCodeOf(await failure(client.subscribeResource({ uri: "policy://payments" })))).toBe("method_unguarded");
    expect(String(await failure(callTool(client, "read_invoice", { id: 7 })))).toMatch(/id/);

    // One that is forbidden, and one that is not there: the same to the byte, but for the invocation.
    const reading = async (id: string) =>
      JSON.stringify(
        await answerOver(
          transport,
          await proven(world.planner, request("z", "tools/call", { name: "read_invoice", arguments: { id } })),
        ),
      ).replace(/"invocation":"[\w-]+"/, "");
    const forbidden = await reading("INV-21");
    expect(forbidden).toContain('"code":"policy_denied","retryable":false');
    expect(await reading("INV-404")).toBe(forbidden);

    // Whoever holds the pipe is nobody yet, though userFromAuth of this server would name somebody.
    const raw = (message: JsonRpcMessage) => answerOver(transport, message);
    const read = request("a", "tools/call", { name: "read_invoice", arguments: { id: "INV-9" } });
    expect(await raw(read)).toMatchObject({ error: { code: 4301 } });
    expect(await raw(request("b", "tools/list"))).toMatchObject({ error: { code: 4301 } });
    const proof = await proven(world.planner, read);
    expect(textOf((await raw(proof)).result)).toContain("toner");
    expect(codeOf((await raw(proof)).result)).toBe("proof_replayed");
    const list = await raw(await proven(world.researcher, request("c", "tools/list")));
    expect(list.result?.["tools"]).toMatchObject([{ name: "read_invoice" }]);
    await client.close();

    // What was logged is there, and nothing of the chain or of any proof.
    expect(printed()).toContain("tool INV-9");
    for (const token of serialize(world.planner).split(/[~.]/)) expect(printed()).not.toContain(token);
    expect(printed()).not.toContain("dev.hopwise");
    expect(printed()).not.toMatch(TOKEN_TEXT);
  });

  /** Sends a message as it is, past the client that uses the same pipe. */
  async function answerOver(transport: StdioClientTransport, message: JsonRpcMessage): Promise<JsonRpcMessage> {
    const { onmessage } = transport;
    const answer = new Promise<JsonRpcMessage>((resolve) => {
      transport.onmessage = (received) => {
        if ("id" in received && received.id === message.id) resolve(received as JsonRpcMessage);
      };
    });
    await transport.send(message as never);
    try {
      return await answer;
    } finally {
      if (onmessage) transport.onmessage = onmessage;
    }
  }
});

describe("a transport that carries a chain", () => {
  it("signs each request, and leaves everything else as it is", async () => {
    const sent: object[] = [];
    const inner: McpTransport = {
      start: async () => {},
      close: async () => {},
      send: async (message) => void sent.push(message),
    };
    const transport = carryOver(inner, { delegation: world.planner, audience: "https://pay.acme.example/mcp" });
    const untouched = [
      request(1, "initialize", {}),
      request(2, "ping"),
      { jsonrpc: "2.0" as const, method: "notifications/initialized" },
      { jsonrpc: "2.0" as const, id: 3, result: {} },
      request(4, "tools/call", { name: 7 }),
    ];
    for (const message of untouched) await transport.send(message);
    expect(sent).toEqual(untouched);
    await transport.send(request(5, "tools/list"));
    expect(JSON.stringify(sent.at(-1))).toContain("dev.hopwise/proof");
  });
});
