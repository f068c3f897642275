/** Two guarded servers behind a proxy that gives each request to the other one: what the one knows, the other knows. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { HeldDelegation } from "@hopwise/core";
import { grant, wildcard } from "@hopwise/core/grant";
import { createNonces, type SharedState } from "@hopwise/core/state";
import { redisState } from "@hopwise/redis";
import { sqliteState } from "@hopwise/sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { MISSING, startRedis } from "../redis/redis-server.ts";
import { callTool, clientOf, codeOf, post, provenCall, textOf } from "../support/mcp/client.ts";
import { serveHere } from "../support/mcp/server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { webServer } from "../support/web-server.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();

/** A store, as so many processes open it. */
type OpenShared = (instances: number) => Promise<readonly SharedState[]>;

const STORES: { readonly [store: string]: OpenShared } = {
  "a SQLite file": async (instances) => {
    const file = join(temporaryFolder(), "state.db");
    const open = () => sqliteState({ file, repairSeconds: 0 });
    return Promise.all(Array.from({ length: instances }, open));
  },
  ...(MISSING === undefined && {
    Redis: async (instances: number) => {
      const server = await startRedis();
      const open = async () => redisState({ client: await server.client(), repairSeconds: 0 });
      const states = await Promise.all(Array.from({ length: instances }, open));
      onTestFinished(() => server.close());
      return states;
    },
  }),
};

/** Gives each request to the next server. */
async function roundRobin(...targets: readonly string[]): Promise<{ readonly url: string; readonly passed: number[] }> {
  const passed = targets.map(() => 0);
  let next = 0;
  const { url } = await webServer((request, response) => {
    const pass = async (): Promise<void> => {
      if (request.method !== "POST") return void response.writeHead(405).end();
      const i = next++ % targets.length;
      passed[i] = (passed[i] ?? 0) + 1;
      const headers = Object.entries(request.headers).filter(
        ([name]) => !/^(host|connection|content-length)$/.test(name),
      );
      const answer = await fetch(targets[i] ?? "", {
        method: "POST",
        body: await text(request),
        headers: Object.fromEntries(headers) as Record<string, string>,
      });
      const type = answer.headers.get("content-type");
      response.writeHead(answer.status, type === null ? {} : { "content-type": type }).end(await answer.text());
    };
    pass().catch((error: unknown) => response.writeHead(502).end(String(error)));
  });
  return { url: `${url}/mcp`, passed };
}

describe.each(Object.entries(STORES))("two guarded servers on %s", (_, open) => {
  async function scene(nonces = false) {
    const states = await open(2);
    onTestFinished(async () => {
      for (const state of states) await state.close();
    });
    const secret = randomBytes(32);
    const served = await Promise.all(
      states.map((state) =>
        serveHere(world, {
          stateless: true,
          json: true,
          authorizer: { state, ...(nonces && { nonces: createNonces({ secret }) }) },
        }),
      ),
    );
    const [one, other] = served.map(({ url }) => url) as [string, string];
    return { one, other, states: states as [SharedState, SharedState], proxy: await roundRobin(one, other) };
  }

  const chain = (more: object = {}): Promise<HeldDelegation> =>
    world.issuer.issue({
      subject: "alice",
      agent: "planner",
      holder: world.keys.planner,
      grant: grant({ read_invoice: { id: wildcard() } }),
      ...more,
    });
  const READ = { id: "INV-9" };

  it("refuse a proof that the other one saw, also at the same moment", async () => {
    const { one, other } = await scene();
    const held = await chain();
    const call = await provenCall(held, 1, "read_invoice", READ);
    const [first, second] = [await post(one, call), await post(other, call)];
    expect([codeOf(first.messages[0]?.result), codeOf(second.messages[0]?.result)]).toEqual([
      undefined,
      "proof_replayed",
    ]);
    const another = await provenCall(held, 2, "read_invoice", READ);
    const both = await Promise.all([post(one, another), post(other, another)]);
    expect(both.map(({ messages }) => codeOf(messages[0]?.result)).sort()).toEqual(["proof_replayed", undefined]);
  });

  it("know on the next call what was revoked at the other one", async () => {
    const { proxy, states } = await scene();
    const held = await chain();
    const client = await clientOf(proxy.url, held);
    expect(textOf(await callTool(client, "read_invoice", READ))).toContain("toner");
    expect(textOf(await callTool(client, "read_invoice", READ))).toContain("toner");
    await states[0].revocations.revoke({ agent: "planner" });
    const answers = [await callTool(client, "read_invoice", READ), await callTool(client, "read_invoice", READ)];
    expect(answers.map(codeOf)).toEqual(["revoked", "revoked"]);
    await states[1].revocations.lift({ agent: "planner" });
    for (let i = 0; i < 2; i++) expect(textOf(await callTool(client, "read_invoice", READ))).toContain("toner");
    expect(Math.min(...proxy.passed)).toBeGreaterThan(2);
    await client.close();
  });

  it("take a nonce that the other one gave, once", async () => {
    const { proxy } = await scene(true);
    const client = await clientOf(proxy.url, await chain());
    for (let i = 0; i < 4; i++) expect(textOf(await callTool(client, "read_invoice", READ))).toContain("toner");
    await client.close();
  });

  it("count one budget together", async () => {
    const { proxy } = await scene();
    const from = Math.floor(Date.now() / 1000) + 1;
    await new Promise((done) => setTimeout(done, 1100));
    const budget = { id: "2026-11", from, until: from + 7200, calls: 5 };
    const client = await clientOf(proxy.url, await chain({ budget }));
    const answers = await Promise.all(Array.from({ length: 8 }, () => callTool(client, "read_invoice", READ)));
    expect(answers.map(codeOf).filter((code) => code === undefined)).toHaveLength(5);
    expect(answers.map(codeOf).filter((code) => code === "budget_exhausted")).toHaveLength(3);
    await client.close();
  });
});
