/** What a health check costs Redis, and what it finds. */
import { redisState } from "@hopwise/redis";
import { describe, expect, it, onTestFinished } from "vitest";
import { MISSING, type RedisServer, startRedis, unlessMissing } from "./redis-server.ts";

/** How many scripts the server ran. */
async function scripts(redis: RedisServer): Promise<number> {
  const stats = String(await redis.ask("INFO", "commandstats"));
  return [...stats.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)].reduce((sum, [, calls]) => sum + Number(calls), 0);
}

describe.skipIf(MISSING !== undefined)(unlessMissing("the health of a state on Redis"), () => {
  it("costs a handful of scripts, finds a store that was flushed, and makes it whole", async () => {
    const redis = await startRedis();
    onTestFinished(redis.close);
    const client = await redis.client();
    onTestFinished(() => client.destroy());
    // A call that a fresh copy decides asks nothing of the log, and neither does its health.
    const state = await redisState({ client, deadlineMs: 5000, maxStalenessSeconds: 30 });
    onTestFinished(() => void state.close());
    const before = await scripts(redis);
    for (let i = 0; i < 10; i++) expect(await state.health()).toEqual({ ok: true });
    const cost = (await scripts(redis)) - before;
    expect(cost).toBeGreaterThanOrEqual(10);
    expect(cost).toBeLessThan(60);

    await redis.ask("FLUSHALL");
    const { ok, problem } = await state.health();
    // Heads are compared twice a second: where that came between, the log was seen to be lost, too.
    if (!ok) expect(problem).toContain("the store of revocations is new, or lost what it knew");
    // Each part has its mark again: no call has to find that out.
    expect(((await redis.ask("KEYS", "{hopwise:*}:mark")) as readonly unknown[]).length).toBe(34);
  });
});
