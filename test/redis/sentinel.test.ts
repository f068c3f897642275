import { type OpenStore, stateContract } from "@hopwise/core/state-contract";
import { openRedis } from "@hopwise/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RedisBehindSentinel, startBehindSentinel, type TestSentinel } from "./cluster.ts";
import { MISSING, unlessMissing, until } from "./redis-server.ts";
import { claim, later, misfit, now, pay, recovers, refusal } from "./scene.ts";

/** What is tried is not how soon. */
const deadlineMs = 1500;

describe.skipIf(MISSING !== undefined)(unlessMissing("a driver on Redis behind Sentinel"), () => {
  let redis: RedisBehindSentinel;
  /** Of the contract's cases: to connect takes longer than most of them. */
  let clients: readonly TestSentinel[] = [];
  beforeAll(async () => {
    redis = await startBehindSentinel();
    clients = [redis.client(), redis.client()];
  }, 60_000);
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await redis.close();
  });

  let stores = 0;
  const open: OpenStore = ({ mostOfRoot, mostOfUser }) => {
    const prefix = `contract-${++stores}`;
    let opened = 0;
    return {
      open: () =>
        openRedis({
          client: clients[opened++ % clients.length] as TestSentinel,
          prefix,
          deadlineMs,
          failOverMs: 3500,
          ...(mostOfRoot !== undefined && { maxProofsOfRoot: mostOfRoot }),
          ...(mostOfUser !== undefined && { maxProofsOfUser: mostOfUser }),
        }),
      loseEverything: async () => void (await (await redis.master()).ask("FLUSHALL")),
    };
  };

  it.each(stateContract.map((one) => [one.title, one] as const))("%s", async (_, { run }) => run(open));

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

  it("refuses a name that Sentinel does not know", async () => {
    const client = aClient({ name: "other" });
    expect(await misfit(openRedis({ client, deadlineMs, failOverMs: 3500 }))).toMatch(
      /^openRedis: Redis behind Sentinel has no master of the name that the client asks for/,
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
