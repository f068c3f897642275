/** Redis for a test, as several servers: a cluster of three masters with a replica each, and a master behind Sentinel. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createCluster, createSentinel } from "@redis/client";
import { askAt, freePort, hold, patientOptions, type RedisServer, startRedis, until } from "./redis-server.ts";

const run = promisify(execFile);

export type TestCluster = ReturnType<typeof createCluster>;
export type TestSentinel = ReturnType<typeof createSentinel>;

/** A lag of one second, noticed two seconds later, and only then a fail-over. */
const FAIL_OVER_MS = 3500;
const SAFE = ["--min-replicas-to-write", "1", "--min-replicas-max-lag", "1", "--repl-ping-replica-period", "1"];

const OPTIONS = patientOptions();

export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  client(): TestCluster;
  /** The server that has a slot now. */
  masterOf(slot: number): Promise<RedisServer>;
  replicaOf(master: RedisServer): Promise<RedisServer>;
  close(): Promise<void>;
}

export async function startCluster(): Promise<RedisCluster> {
  const args = [
    "--cluster-enabled",
    "yes",
    "--cluster-node-timeout",
    `${FAIL_OVER_MS}`,
    "--cluster-config-file",
    "nodes.conf",
  ];
  const quick = ["--cluster-replica-validity-factor", "0", ...SAFE];
  const nodes = await Promise.all(Array.from({ length: 6 }, () => startRedis(...args, ...quick)));
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  await run("redis-cli", ["--cluster", "create", ...addresses, "--cluster-replicas", "1", "--cluster-yes"]);
  await until(async () => {
    const all = await Promise.all(
      nodes.map(async (node) => [await node.ask("CLUSTER", "INFO"), await replication(node)]),
    );
    return all.every(
      ([state, info]) => `${state}`.includes("cluster_state:ok") && /state=online|link_status:up/.test(`${info}`),
    );
  });
  const roles = async (): Promise<readonly string[][]> => {
    for (const node of nodes) {
      const lines = await node.ask("CLUSTER", "NODES").catch(() => undefined);
      if (lines !== undefined)
        return `${lines}`
          .trim()
          .split("\n")
          .map((line) => line.split(" "));
    }
    throw new Error("no node answers");
  };
  const nodeOf = ([, address = ""]: readonly string[]): RedisServer => {
    const port = Number(/:(\d+)@/.exec(address)?.[1]);
    return nodes.find((node) => node.port === port) as RedisServer;
  };

  return {
    nodes,
    client: () => {
      const rootNodes = nodes.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` }));
      const client = createCluster({
        rootNodes,
        defaults: OPTIONS,
        topologyRefreshOnReconnectionAttemptStrategy: 100,
        maxCommandRedirections: 3,
      });
      return client as unknown as TestCluster;
    },
    masterOf: async (slot) => {
      const found = (await roles()).find(([, , flags = "", , , , , , ...slots]) => {
        const isIn = slots.some((range) => {
          const [from = "", to = from] = range.split("-");
          return Number(from) <= slot && slot <= Number(to);
        });
        return flags.includes("master") && !flags.includes("fail") && isIn;
      });
      if (found === undefined) throw new Error(`slot ${slot} has no master`);
      return nodeOf(found);
    },
    replicaOf: async (master) => {
      let found: readonly string[] | undefined;
      // Right after a fail-over not all nodes know who follows whom.
      await until(async () => {
        const all = await roles();
        const id = all.find((line) => nodeOf(line) === master)?.[0];
        found = all.find(([, , , of]) => of === id);
        return found;
      });
      return nodeOf(found as readonly string[]);
    },
    close: async () => void (await Promise.all(nodes.map((node) => node.close()))),
  };
}

export interface RedisBehindSentinel {
  readonly servers: readonly RedisServer[];
  /** @param options also these */
  client(options?: object): TestSentinel;
  master(): Promise<RedisServer>;
  close(): Promise<void>;
}

/** A master with two replicas, so that a new one has a replica, too; and one Sentinel, which is enough to try a fail-over. */
export async function startBehindSentinel(): Promise<RedisBehindSentinel> {
  const first = await startRedis(...SAFE);
  const replicas = await Promise.all(
    [1, 2].map(() => startRedis(...SAFE, "--replicaof", "127.0.0.1", `${first.port}`)),
  );
  const servers = [first, ...replicas];
  await until(async () => (await replication(first)).split("state=online").length === 3);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "hopwise-sentinel-"));
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir ${folder}`,
    `sentinel monitor hw 127.0.0.1 ${first.port} 1`,
    `sentinel down-after-milliseconds hw ${FAIL_OVER_MS}`,
    "sentinel failover-timeout hw 4000",
  ];
  writeFileSync(join(folder, "sentinel.conf"), `${lines.join("\n")}\n`);
  const sentinel = await hold(folder, ["redis-sentinel", join(folder, "sentinel.conf")]);
  await until(async () => /slaves=2/.test(`${await askAt(port, ["INFO", "sentinel"])}`));

  return {
    servers,
    client: (options) => {
      const client = createSentinel({
        name: "hw",
        sentinelRootNodes: [{ host: "127.0.0.1", port }],
        scanInterval: 250,
        maxCommandRediscovers: 1,
        reserveClient: true,
        nodeClientOptions: OPTIONS,
        ...options,
      });
      return client as unknown as TestSentinel;
    },
    master: async () => {
      const [, at] = (await askAt(port, ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "hw"])) as readonly string[];
      return servers.find((server) => server.port === Number(at)) as RedisServer;
    },
    close: async () => {
      await sentinel.end("");
      await Promise.all(servers.map((server) => server.close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function replication(server: RedisServer): Promise<string> {
  return String(await server.ask("INFO", "replication"));
}
