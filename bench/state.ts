/** What it costs to remember elsewhere than in memory, on a real Redis and a real file, in the wire call of three hops. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPdp } from "@hopwise/cerbos";
import { type HeldDelegation, memoryState } from "@hopwise/core";
import type { SharedState } from "@hopwise/core/state";
import { clientOptions, redisState } from "@hopwise/redis";
import { sqliteState } from "@hopwise/sqlite";
import { createClient } from "@redis/client";
import { MISSING, startRedis } from "../test/redis/redis-server.ts";
import { makeProofs, mustBeAllowed } from "./authorize.ts";
import { type Candidate, p50, ratio, takeTurns } from "./measure.ts";
import { CALL, FULFILS, heldBy, makeAuthorizer, makeTeam, POLICIES } from "./world.ts";

export interface StateResult {
  readonly redisOverMemory: number;
  readonly sqliteOverMemory: number;
  /** A chain with a budget ÷ one without, both on Redis. */
  readonly budgetOverPlain: number;
  readonly microseconds: { readonly [store: string]: number };
}

/** @returns undefined where a program of Redis is missing */
export async function measureState(): Promise<StateResult | undefined> {
  if (MISSING !== undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "hopwise-bench-"));
  const redis = await startRedis();
  const client = await createClient({ ...clientOptions(), url: `redis://127.0.0.1:${redis.port}` }).connect();
  client.on("error", () => {});
  await using pdp = await startPdp({ policies: POLICIES });
  const team = await makeTeam();
  const longest = { longestWindowSeconds: 600 };
  const states: { readonly [store: string]: SharedState } = {
    memory: memoryState({ since: 0 }),
    sqlite: await sqliteState({ file: join(folder, "state.db"), ...longest }),
    redis: await redisState({ client, ...longest }),
  };
  const wire = (state: SharedState, held: HeldDelegation): Candidate => {
    const authorizer = makeAuthorizer(team, pdp.client, { state });
    return async (count) => {
      const credentials = await makeProofs(held, count);
      return async () => {
        for (const credential of credentials) {
          mustBeAllowed(await authorizer.authorize({ ...CALL, ...FULFILS, credential }));
        }
      };
    };
  };
  // A store counts what began after it did.
  await new Promise((done) => setTimeout(done, 1100));
  const from = Math.floor(Date.now() / 1000);
  const budget = { id: "bench", from, until: from + 36_000, calls: 10_000_000 };
  const budgeted = await heldBy(team, undefined, undefined, budget);
  const times = await takeTurns(
    {
      memory: wire(states["memory"] as SharedState, team.held),
      sqlite: wire(states["sqlite"] as SharedState, team.held),
      redis: wire(states["redis"] as SharedState, team.held),
      budget: wire(states["redis"] as SharedState, budgeted),
    },
    { rounds: 300, warmup: 60, batch: 6, clock: "wall" },
  );
  for (const state of Object.values(states)) await state.close();
  client.destroy();
  await redis.close();
  rmSync(folder, { recursive: true, force: true });
  return {
    redisOverMemory: ratio(times.redis, times.memory),
    sqliteOverMemory: ratio(times.sqlite, times.memory),
    budgetOverPlain: ratio(times.budget, times.redis),
    microseconds: {
      memory: p50(times.memory),
      sqlite: p50(times.sqlite),
      redis: p50(times.redis),
      budget: p50(times.budget),
    },
  };
}
