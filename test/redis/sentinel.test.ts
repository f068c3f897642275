import { openRedis } from "@hopwise/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RedisBehindSentinel, startBehindSentinel, type TestSentinel } from "./cluster.ts";
import { MISSING, unlessMissing, until } from "./redis-server.ts";
import { claim, later, misfit, now, pay, recovers, refusal } from "./scene.ts";

/** What is tried is not how soon. */
const deadlineMs = 1500;

describe.skipIf(MISSING !== undefined)(unlessMissing("a driver on Redis behind Sentinel"), () => {
  let redis: RedisBehindSentinel;
  beforeAll(async () => {
    redis = await startBehindSentinel();
  }, 60_000);
  afterAll(() => redis.close());

  const aClient = (options: object = {}): TestSentinel => {
    const client = redis.client(options);
    later(() => client.destroy());
    return client;
  };

  it("asks after how many milliseconds it fails over, and refuses a lag that is longer", async () => {
    expect(await misfit(openRedis({ client: aClient(), deadlineMs }))).toMatch(/has replicas: give failOverMs/);
    expect(await misfit(openRedis({ client: aClient(), deadlineMs, failOverMs: 3000 }))).toMatch(
      /has min-replicas-max-lag 1/,
    );
  });

  it("refuses connections that would wait for ever", async () => {
    const client = aClient({ nodeClientOptions: {} });
    expect(await misfit(openRedis({ client, deadlineMs, failOverMs: 3500 }))).toMatch(
      /is asked by a client whose nodeClientOptions would wait too long.*disableOfflineQueue must be true/,
    );
  });

  it("fails over: closed for that time, then on the new master, in a new epoch", async () => {
    const driver = await openRedis({ client: aClient(), deadlineMs, failOverMs: 3500 });
    later(() => driver.close());
    const used = now();
    expect(await claim(driver, "k", used)).toBe(true);
    await driver.revocations.append({ id: "e", text: "before" });
    const master = await redis.master();
    await master.kill();
    const began = performance.now();
    expect(await refusal(pay(driver, "r"))).toMatch(/^Redis behind Sentinel /);
    expect(performance.now() - began).toBeLessThan(10_000);
    await until(async () => (await redis.master()) !== master);
    await recovers(driver);
    expect(driver.replay.notBefore).toBeGreaterThan(used);
    await driver.revocations.append({ id: "f", text: "after" });
    expect((await driver.revocations.read(undefined)).entries.map(({ text }) => text)).toEqual(["before", "after"]);
  });
});
