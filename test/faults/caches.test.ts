/** Who may do what is asked of the one who knows it now: no cache, in the process or on the way, answers in its place. */
import { generateSigner, remoteJwks } from "@hopwise/core";
import { agentsOverHttp, usersOverHttp } from "@hopwise/core/sources";
import { revocationsOverHttp } from "@hopwise/core/state";
import { createCompany } from "@hopwise/core/testing";
import { afterAll, expect, it, vi } from "vitest";
import { webServer } from "../support/web-server.ts";

const company = await createCompany();
const planner = await company.chain("alice", "planner");
const authorize = (options: Parameters<typeof company.authorizer>[0]) =>
  company.authorizer(options).call(planner, "read_invoice", { id: "INV-7" });

let heard: unknown[] = [];
const { url: here } = await webServer((request, response) => {
  heard.push(request.headers["cache-control"]);
  response.writeHead(200, { "cache-control": "public, max-age=3600", "content-type": "application/json" }).end("{}");
}, afterAll);

const directory = { name: "hr", url: () => here, parse: () => ({ id: "alice", roles: ["analyst"], keys: [] }) };
const askers: { readonly [asker: string]: () => Promise<unknown> } = {
  usersOverHttp: async () => authorize({ users: usersOverHttp(directory) }),
  agentsOverHttp: async () => authorize({ agents: agentsOverHttp(directory) }),
  remoteJwks: async () => authorize({ trust: [{ ...company.issuer.trustAnchor, keys: remoteJwks(here) }] }),
  revocationsOverHttp: async () => {
    const keys = [(await generateSigner()).publicJwk];
    const times = { everySeconds: 5, maxStalenessSeconds: 30 };
    const feed = revocationsOverHttp({ url: here, keys, audience: "https://log.example", ...times });
    await feed.refresh().catch(() => {}); // what it answers is no feed
    feed.close();
  },
};

it.each(Object.entries(askers))("%s asks for an answer that no cache has", async (_, ask) => {
  heard = [];
  await ask();
  expect(heard.length).toBeGreaterThan(0);
  expect(new Set(heard)).toEqual(new Set(["no-cache"]));
});

it.each(Object.entries(askers))("%s asks where the runtime's fetch refuses to be told of caches", async (_, ask) => {
  heard = [];
  const own = globalThis.fetch;
  vi.stubGlobal("Request", class {});
  vi.stubGlobal("fetch", (...[input, init]: Parameters<typeof own>) => {
    if (init?.cache !== undefined) throw new Error("The 'cache' field on 'RequestInitializerDict' is not implemented.");
    return own(input, init);
  });
  try {
    await ask();
  } finally {
    vi.unstubAllGlobals();
  }
  expect(heard.length).toBeGreaterThan(0);
});
