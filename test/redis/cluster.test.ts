import type { StateDriver } from "@hopwise/core/state";
import { type OpenStore, stateContract } from "@hopwise/core/state-contract";
import { openRedis } from "@hopwise/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tagsOf } from "../../packages/redis/src/keys.ts";
import { type RedisCluster, startCluster } from "./cluster.ts";
import { MISSING, type RedisServer, unlessMissing, until } from "./redis-server.ts";
import { allRefuse, claim, later, now, recovers, refusal } from "./scene.ts";

describe.skipIf(MISSING !== undefined)(unlessMissing("a driver on a Redis Cluster"), () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 60_000);
  afterAll(() => cluster.close());

  let stores = 0;
  const open: OpenStore = ({ mostOfRoot, mostOfUser }) => {
    const prefix = `contract-${++stores}`;
    const clients: { destroy(): void }[] = [];
    return {
      open: async () => {
        const client = cluster.client();
        clients.push(client);
        return openRedis({
          client,
          prefix,
          deadlineMs: 1000,
          ...(mostOfRoot !== undefined && { maxProofsOfRoot: mostOfRoot }),
          ...(mostOfUser !== undefined && { maxProofsOfUser: mostOfUser }),
        });
      },
      loseEverything: async () => {
        for (const master of await masters()) await master.ask("FLUSHALL");
      },
      close: () => {
        for (const client of clients) client.destroy();
      },
    };
  };
  const masters = async () => [...new Set(await Promise.all([0, 8000, 16_000].map(cluster.masterOf)))];

  it.each(stateContract.map((one) => [one.title, one] as const))("%s", async (_, { run }) => run(open));

  const aDriver = async (prefix: string): Promise<StateDriver> => {
    const client = cluster.client();
    later(() => client.destroy());
    const driver = await openRedis({ client, prefix, deadlineMs: 1000 });
    later(() => driver.close());
    return driver;
  };
  /** The slot in which a proof lies. */
  const slotOf = (prefix: string, key: string): number => tagsOf(prefix).of(key).slot;

  it("has a master that hangs: closed within the deadline for what lies there alone, and recovers", async () => {
    const driver = await aDriver("hangs");
    const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
    const stopped = await cluster.masterOf(slotOf("hangs", "k0"));
    const home = await Promise.all(keys.map((key) => cluster.masterOf(slotOf("hangs", key))));
    stopped.signal("SIGSTOP");
    const began = performance.now();
    const outcomes = await Promise.allSettled(
      keys.map(async (key) => driver.replay.claim(key, now() + 50, { nowSeconds: now() })),
    );
    expect(performance.now() - began).toBeLessThan(10_000);
    stopped.signal("SIGCONT");
    expect(outcomes.map(({ status }) => status)).toEqual(home.map((it) => (it === stopped ? "rejected" : "fulfilled")));
    await recovers(driver);
  });

  it("hands a shard over to its replica: a new epoch, over the connections that it has", async () => {
    const driver = await aDriver("hands-over");
    const used = now();
    await claim(driver, "k", used);
    const master = await cluster.masterOf(slotOf("hands-over", "k"));
    const replica = await cluster.replicaOf(master);
    await replica.ask("CLUSTER", "FAILOVER");
    await until(async () => (await cluster.masterOf(slotOf("hands-over", "k"))) === replica);
    await recovers(driver);
    await until(async () => (await claim(driver, "k", used)) === false);
    expect(driver.replay.notBefore).toBeGreaterThan(used);
  });

  it("loses a master: closed until a replica has taken over and is followed itself, then a new epoch", async () => {
    const driver = await aDriver("loses");
    await recovers(driver);
    const used = now();
    await claim(driver, "k", used);
    const master = await cluster.masterOf(slotOf("loses", "k"));
    const replica = await cluster.replicaOf(master);
    await master.kill();
    await refusal(claim(driver, "l"));
    await until(async () => (await cluster.masterOf(slotOf("loses", "k"))) === replica);
    await until(async () => /too few replicas/.test((await driver.health()).problem ?? ""));
    await master.restart();
    await recovers(driver);
    expect(driver.replay.notBefore).toBeGreaterThan(used);
    await driver.revocations.append({ id: "e", text: "stands on a replica" });
  });

  /** Begins to move a slot to another master. */
  const moving = async (slot: number) => {
    const from = await cluster.masterOf(slot);
    const to = (await masters()).find((master) => master !== from) as RedisServer;
    const [fromId, toId] = [String(await from.ask("CLUSTER", "MYID")), String(await to.ask("CLUSTER", "MYID"))];
    await to.ask("CLUSTER", "SETSLOT", `${slot}`, "IMPORTING", fromId);
    await from.ask("CLUSTER", "SETSLOT", `${slot}`, "MIGRATING", toId);
    const keys = (await from.ask("CLUSTER", "GETKEYSINSLOT", `${slot}`, "100")) as readonly string[];
    return {
      keys,
      move: (...some: readonly string[]): Promise<unknown> =>
        from.ask("MIGRATE", "127.0.0.1", `${to.port}`, "", "0", "5000", "KEYS", ...some),
      done: async () => {
        for (const node of [to, from]) await node.ask("CLUSTER", "SETSLOT", `${slot}`, "NODE", toId);
      },
    };
  };

  it("moves slots to another master: closed while they move, then a new epoch", async () => {
    const driver = await aDriver("moves");
    const used = now();
    const { slot } = tagsOf("moves").of("k");
    expect(await claim(driver, "k", used)).toBe(true);
    const { keys, move, done } = await moving(slot);
    await move(...keys.filter((key) => key.endsWith(":mark")));
    const newer = Array.from({ length: 4000 }, (_, i) => `k${i}`).find((key) => tagsOf("moves").of(key).slot === slot);
    expect(await refusal(claim(driver, newer as string))).toMatch(/is moving these slots to another node$/);
    await move(...keys);
    await done();
    await recovers(driver);
    expect(await claim(driver, "k", used), "it came along").toBe(false);
    expect(driver.replay.notBefore, "which cannot be told").toBeGreaterThan(used);
  });

  it("moves the log of revocations: the next one stands on the new master, whoever asked for nothing between", async () => {
    const driver = await aDriver("moves-the-log");
    await driver.revocations.append({ id: "e", text: "before" });
    const { keys, move, done } = await moving(tagsOf("moves-the-log").revocations.slot);
    await move(...keys);
    await done();
    await driver.revocations.append({ id: "f", text: "after" });
    expect((await driver.revocations.read(undefined)).entries.map(({ text }) => text)).toEqual(["before", "after"]);
  });

  it("is down: closed for all, also for what lies where a master lives", async () => {
    const driver = await aDriver("down");
    const [one, two, three] = await masters();
    const keys = Array.from({ length: 1000 }, (_, i) => `k${i}`);
    const homes = await Promise.all(keys.slice(0, 40).map((key) => cluster.masterOf(slotOf("down", key))));
    const living = keys[homes.indexOf(three as RedisServer)] as string;
    await Promise.all([one?.kill(), two?.kill()]);
    await until(async () => /is a cluster that is down/.test(await refusal(claim(driver, living))));
    await allRefuse(driver, /cannot be reached|is a cluster that is down|did not answer|lost its connection|answered/);
  });
});
