/** What we send goes where it was told to: an answer that sends it on elsewhere is an error, and nobody there hears of it. */
import { createMcpClient } from "@hopwise/ai-sdk/mcp";
import { generateSigner, remoteJwks } from "@hopwise/core";
import { agentsOverHttp, usersOverHttp } from "@hopwise/core/sources";
import { revocationsOverHttp } from "@hopwise/core/state";
import { createCompany } from "@hopwise/core/testing";
import { carryingFetch } from "@hopwise/mcp";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { hopwise } from "../hopwise/hopwise.ts";
import { webServer } from "../support/web-server.ts";

const company = await createCompany();
const planner = await company.chain("alice", "planner");
const { audience } = company;
const call = { tool: "read_invoice", arguments: { id: "INV-7" } };

let status = 307;
let heard: string[] = [];
const { url: elsewhere } = await webServer((request, response) => {
  heard.push(`${request.method} ${request.url}`);
  response.writeHead(200, { "content-type": "application/json" }).end("{}");
}, afterAll);
const { url: here } = await webServer((request, response) => {
  request.resume();
  response.writeHead(status, { location: `${elsewhere}/there?key=secret` }).end();
}, afterAll);
beforeEach(() => {
  heard = [];
});

const directory = { name: "hr", url: () => here, parse: (body: unknown) => body as never };
const signed = (message: object) =>
  carryingFetch({ delegation: planner, audience })(here, { method: "POST", body: JSON.stringify(message) });

/** Whatever asks something over HTTP. Each gives, or throws, what came of it. */
const askers: { readonly [asker: string]: () => Promise<unknown> } = {
  "carryingFetch, a call": () =>
    signed({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: call.tool, arguments: call.arguments } }),
  "carryingFetch, a message that needs no chain": () => signed({ jsonrpc: "2.0", id: 1, method: "ping" }),
  "a client of the official SDK": async () => {
    const transport = new StreamableHTTPClientTransport(new URL(here), {
      fetch: carryingFetch({ delegation: planner, audience }),
    });
    await new Client({ name: "test", version: "1.0.0" }).connect(transport);
  },
  "one that follows redirects": async () => {
    const transport = new StreamableHTTPClientTransport(new URL(here), {
      fetch: carryingFetch({ delegation: planner, audience }),
      redirectPolicy: "follow",
    });
    await new Client({ name: "test", version: "1.0.0" }).connect(transport);
  },
  createMcpClient: () => createMcpClient({ transport: { type: "http", url: here }, delegation: planner, audience }),
  usersOverHttp: async () =>
    company.authorizer({ users: usersOverHttp(directory) }).call(planner, call.tool, call.arguments),
  agentsOverHttp: async () =>
    company.authorizer({ agents: agentsOverHttp(directory) }).call(planner, call.tool, call.arguments),
  remoteJwks: async () =>
    company
      .authorizer({ trust: [{ ...company.issuer.trustAnchor, keys: remoteJwks(here) }] })
      .call(planner, call.tool, call.arguments),
  revocationsOverHttp: async () => {
    const keys = [(await generateSigner()).publicJwk];
    const feed = revocationsOverHttp({
      url: here,
      keys,
      audience: "https://log.example",
      everySeconds: 5,
      maxStalenessSeconds: 30,
    });
    await feed.refresh();
    const health = await feed.health();
    feed.close();
    return health;
  },
  "hopwise approvals list": () => hopwise(["approvals", "list", "--at", here]),
  "hopwise doctor --keys": () => hopwise(["doctor", "--keys", here]),
};

describe.each(Object.entries(askers))("%s", (_, ask) => {
  it.each([301, 302, 303, 307, 308])("does not follow a redirect of status %s", async (given) => {
    status = given;
    const came = await ask().then(
      (answer) => JSON.stringify(answer),
      ({ message }) => String(message),
    );
    expect(came).not.toContain("secret");
    expect(heard).toEqual([]);
  });
});

it("leaves a redirect to the client that looks at it itself, and signs anew what that sends to another address of its server", async () => {
  const bodies: string[] = [];
  const { url: own } = await webServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    if (body !== "") bodies.push(body);
    const isOld = request.url === "/mcp";
    response
      .writeHead(isOld ? 307 : 200, isOld ? { location: "/mcp/" } : { "content-type": "application/json" })
      .end("{}");
  });
  const transport = new StreamableHTTPClientTransport(new URL(`${own}/mcp`), {
    fetch: carryingFetch({ delegation: planner, audience }),
  });
  const list = { jsonrpc: "2.0", id: 1, method: "tools/list" } as const;
  await transport.start();
  await transport.send(list).catch(() => {});
  await transport.close();
  const proofs = bodies.map((body) => JSON.parse(body).params?._meta?.["dev.hopwise/proof"]);
  expect(proofs).toEqual([expect.any(String), expect.any(String)]);
  expect(proofs[0]).not.toBe(proofs[1]);
});

it("says where the address leads, and that the chain was not sent there", async () => {
  const refused = await signed({ jsonrpc: "2.0", id: 1, method: "ping" }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "config_invalid" });
  expect(String(refused)).toContain(`leads on to ${elsewhere}/there, and a chain is sent nowhere`);
});

it("takes no answer of a fetch that follows all the same, and says where the chain went", async () => {
  const follows: typeof fetch = (input, init) => fetch(input, { ...init, redirect: "follow" });
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  status = 307;
  const refused = await carryingFetch({ delegation: planner, audience }, follows)(here, { method: "POST", body }).catch(
    (error: unknown) => error,
  );
  expect(refused).toMatchObject({ code: "config_invalid" });
  expect(String(refused)).toContain(`went on to ${elsewhere}/there: give it one`);
});
