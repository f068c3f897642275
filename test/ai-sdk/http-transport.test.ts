/** The AI SDK's own options of Streamable HTTP, with a chain on top. */
import { createMcpClient, type DelegatedMcpClientOptions } from "@hopwise/ai-sdk/mcp";
import { afterAll, expect, it, onTestFinished, vi } from "vitest";
import { PAY_SERVER } from "../../examples/finance-team/company.ts";
import { GOOD } from "../support/calls.ts";
import { serve } from "../support/mcp/server.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
const served = await serve(world);
afterAll(() => served.stop());

type Http = Extract<DelegatedMcpClientOptions["transport"], { readonly type: "http" }>;

/** Everything that a client sends, by a `fetch` of its own. */
function watchedFetch() {
  const sent: { readonly method: unknown; readonly headers: Headers }[] = [];
  const watched: typeof fetch = (input, init) => {
    if (init?.method === "POST") sent.push({ ...JSON.parse(String(init.body)), headers: new Headers(init.headers) });
    return fetch(input, init);
  };
  return { sent, watched };
}

async function connect(options: Partial<Http>, more: Partial<DelegatedMcpClientOptions> = {}) {
  const transport = { type: "http", url: served.url, ...options } as const;
  const client = await createMcpClient({ transport, delegation: world.planner, audience: PAY_SERVER, ...more });
  onTestFinished(() => client.close());
  return client;
}

it("another process goes on with the session of a client that has let go of it", async () => {
  let id = "";
  const onSessionIdChange = (given: string | undefined) => {
    id = given ?? id;
  };
  const first = await connect({ onSessionIdChange, terminateSessionOnClose: false });
  const { initializeResult } = first;
  await first.close();
  expect(id).not.toBe("");
  const { sent, watched } = watchedFetch();
  const session = { initialSessionId: id, initialProtocolVersion: initializeResult.protocolVersion };
  const second = await connect({ ...session, fetch: watched }, { initialInitializeResult: initializeResult });
  // A server that did not know the session would not answer.
  await second.callTool({ name: "send_payment", arguments: { ...GOOD } });
  expect(sent.map(({ method, headers }) => [method, headers.get("mcp-session-id")])).toEqual([["tools/call", id]]);
});

it("a login by OAuth goes with each request, and the chain and its proof beside it", async () => {
  const { sent, watched } = watchedFetch();
  const tokens = async () => ({ access_token: "letmein", token_type: "Bearer" });
  const client = await connect({
    authProvider: { tokens } as unknown as NonNullable<Http["authProvider"]>,
    fetch: watched,
  });
  expect(Object.keys(await client.tools())).toContain("send_payment");
  expect(sent.map(({ headers }) => headers.get("authorization"))).toEqual(sent.map(() => "Bearer letmein"));
});

const SERVER = "https://pay.example/mcp";
const METADATA = "https://pay.example/.well-known/oauth-protected-resource/mcp";

/** A server behind OAuth, and all that is asked of anybody. */
function behindLogin(login: string, server = SERVER) {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (input) => {
    const url = String(input);
    asked.push(url);
    if (url === server) return new Response("", { status: 401 });
    if (!url.includes("oauth-protected-resource")) return new Response("", { status: 404 });
    return Response.json({ resource: server, authorization_servers: [login] });
  };
  vi.stubGlobal("fetch", fetch);
  onTestFinished(() => void vi.unstubAllGlobals());
  return { asked, fetch };
}

const LOGIN = { tokens: () => undefined, clientMetadata: { redirect_uris: [] } } as unknown as NonNullable<
  Http["authProvider"]
>;

it("nobody elsewhere is asked about a login where the program gave no fetch that looks at where it connects to", async () => {
  const { asked } = behindLogin("https://login.example");
  for (const fetch of [undefined, globalThis.fetch]) {
    asked.length = 0;
    const connecting = connect({ url: SERVER, authProvider: LOGIN, ...(fetch && { fetch }) });
    await expect(connecting).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(
        /its login is at https:\/\/login\.example, .* give the transport a fetch of your own/,
      ),
    });
    expect(asked).toEqual([SERVER, METADATA]);
  }
});

it.each([
  [
    "a fetch of the program's own asks",
    "https://login.example",
    SERVER,
    (asks: typeof fetch): typeof fetch =>
      (...given) =>
        asks(...given),
  ],
  ["the server itself is asked", "https://pay.example", SERVER, undefined],
  ["on one machine each is asked", "http://localhost:2", "http://127.0.0.1:1/mcp", undefined],
])("%s about a login", async (_, login, url, own) => {
  const { asked, fetch } = behindLogin(login, url);
  await expect(connect({ url, authProvider: LOGIN, ...(own && { fetch: own(fetch) }) })).rejects.toThrow();
  expect(asked).toContain(`${login}/.well-known/oauth-authorization-server`);
});

it.each([
  [
    "throws",
    () => {
      throw new Error("down");
    },
  ],
  ["rejects", () => Promise.reject(new Error("down"))],
])("a function that %s when it is told of a session fails no request, and ends no process", async (_, told) => {
  const client = await connect({ onSessionIdChange: told, onSessionExpired: told, initialSessionId: "gone" });
  expect(Object.keys(await client.tools())).toContain("send_payment");
});
