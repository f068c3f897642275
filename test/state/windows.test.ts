/** A store that remembers proofs for less long than an authorizer takes them denies each call: that is told at the start. */
import { join } from "node:path";
import { createAuthorizer, HopwiseError, inMemoryAgents, inMemoryUsers, memoryAudit, memoryState } from "@hopwise/core";
import { createNonces, type SharedState } from "@hopwise/core/state";
import { answeringPdp } from "@hopwise/core/testing";
import { redisState } from "@hopwise/redis";
import { sqliteState } from "@hopwise/sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { MISSING, startRedis } from "../redis/redis-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const LONG = { proofWindowSeconds: 100, skewSeconds: 30 };

function authorizerOn(state: SharedState, limits: object, nonces?: ReturnType<typeof createNonces>) {
  return createAuthorizer({
    ...(nonces && { nonces }),
    cerbos: answeringPdp(() => "allow"),
    audience: "https://pay.acme.example/mcp",
    trust: [],
    users: inMemoryUsers({}),
    agents: inMemoryAgents({}),
    tools: {},
    audit: memoryAudit(),
    state,
    limits,
  });
}

type Open = (options: { readonly longestWindowSeconds?: number }) => Promise<SharedState>;

const STORES: readonly (readonly [string, Open])[] = [
  ["SQLite", (options) => sqliteState({ file: join(temporaryFolder(), "state.db"), repairSeconds: 0, ...options })],
  ...(MISSING === undefined
    ? ([
        [
          "Redis",
          async (options) => {
            const server = await startRedis();
            onTestFinished(server.close);
            const client = await server.client();
            onTestFinished(() => client.destroy());
            return redisState({ client, repairSeconds: 0, ...options });
          },
        ],
      ] satisfies [string, Open][])
    : []),
];

describe.each(STORES)("proofs that %s forgets too early", (_, open) => {
  it("are refused at the start, with the number that is needed", async () => {
    const state = await open({});
    onTestFinished(() => void state.close());
    expect(authorizerOn(state, {}).audience).toHaveLength(1);
    // With nonces it is these that are remembered, each until it ends.
    expect(authorizerOn(state, LONG, createNonces()).audience).toHaveLength(1);
    let refusal: unknown;
    try {
      authorizerOn(state, LONG);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(HopwiseError);
    expect(refusal).toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(/windows of up to 60 seconds.*longestWindowSeconds: 130/),
    });
  });

  it("are none where the store was made for them", async () => {
    const state = await open({ longestWindowSeconds: 130 });
    onTestFinished(() => void state.close());
    expect((await authorizerOn(state, LONG).health()).state).toEqual({ ok: true });
  });
});

it("are told by health of a store that could not say it at the start", async () => {
  const { replay, ...rest } = memoryState();
  let known: number | undefined;
  const late = { claim: replay.claim };
  Object.defineProperty(late, "longestWindowSeconds", { get: () => known });
  const authorizer = authorizerOn({ ...rest, replay: late }, LONG);
  expect((await authorizer.health()).state.ok).toBe(true);
  known = 60;
  expect((await authorizer.health()).state).toMatchObject({
    ok: false,
    problem: expect.stringMatching(/130 together/),
  });
});
