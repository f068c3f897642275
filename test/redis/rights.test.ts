/** What the user of the client may do: as little as the README says, and what happens where that is not all. */
import { readFileSync } from "node:fs";
import { type OpenStore, stateContract } from "@hopwise/core/state-contract";
import { openRedis, type RedisOptions } from "@hopwise/redis";
import { createCluster } from "@redis/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../packages/redis/src/rights.ts";
import { startCluster } from "./cluster.ts";
import { MISSING, patientOptions, type RedisServer, startRedis, unlessMissing, until } from "./redis-server.ts";
import { ANN, aClient, later, misfit, now, pay, recovers, spent } from "./scene.ts";

const README = readFileSync(new URL("../../packages/redis/README.md", import.meta.url), "utf8");
/** With another password than the README's, and for whatever prefix a test takes. */
const RULE = (/^ACL SETUSER hopwise [^`]*/m.exec(README)?.[0] ?? "").trim().split(/\s+/);

describe.skipIf(MISSING !== undefined)(unlessMissing("a driver on Redis as a user with few rights"), () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.close());

  const AS_USER = { ...patientOptions(), username: "hopwise", password: "password" };
  const give = (...rules: readonly string[]) => server.ask("ACL", "SETUSER", "hopwise", ...rules);
  const anew = async (...less: readonly string[]) => {
    await server.ask("ACL", "DELUSER", "hopwise");
    await server.ask(...RULE);
    await give(...less);
    await server.ask("SCRIPT", "FLUSH");
  };
  const open = (options: Partial<RedisOptions> = {}) =>
    openRedis({ client: aClient(server.port, AS_USER), deadlineMs: 1500, ...options });

  describe("that the README gives", () => {
    beforeAll(() => anew());

    let stores = 0;
    const store: OpenStore = ({ mostOfRoot, mostOfUser }) => {
      const prefix = `hopwise:${++stores}`;
      const shares = {
        ...(mostOfRoot !== undefined && { maxProofsOfRoot: mostOfRoot }),
        ...(mostOfUser !== undefined && { maxProofsOfUser: mostOfUser }),
      };
      return { open: () => open({ prefix, ...shares }) };
    };
    it.each(stateContract.map((one) => [one.title, one] as const))("%s", async (_, { run }) => run(store));

    it("is enough for another database", async () => {
      const driver = await openRedis({
        client: aClient(server.port, { ...AS_USER, database: 3 } as never),
        deadlineMs: 1500,
      });
      later(() => driver.close());
      await recovers(driver);
    });

    it("is enough for a cluster, and for what waits for a replica", async () => {
      const cluster = await startCluster();
      later(() => cluster.close());
      for (const node of cluster.nodes) await node.ask(...RULE);
      const rootNodes = cluster.nodes.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` }));
      const client = createCluster({
        rootNodes,
        defaults: AS_USER,
        topologyRefreshOnReconnectionAttemptStrategy: 100,
        maxCommandRedirections: 3,
      });
      later(() => client.destroy());
      const driver = await openRedis({ client: client as never, deadlineMs: 1500 });
      later(() => driver.close());
      await recovers(driver);
      await driver.revocations.append({ id: "e", text: "revoked" });
    }, 60_000);
  });

  it.each(COMMANDS.filter((command) => command !== "EVAL"))(
    "without %s is refused at the start, by its name",
    async (command) => {
      await anew(`-${command.toLowerCase()}`);
      const words = `does not give the client's user the right to ${command}, or to its keys: the README`;
      expect(await misfit(open())).toContain(words);
    },
  );

  it.each([
    ["scripts", ["-eval"]],
    ["scripts that are known", ["-evalsha"]],
    ["its keys", ["resetkeys", "~other:*"]],
    ["anything", ["-@all"]],
  ])("without the right to %s is refused at the start", async (_, less) => {
    await anew(...less);
    expect(await misfit(open())).toContain("does not give the client's user the rights that this needs: the README");
  });

  it.each(["hincrby", "zadd", "eval", "wait"])(
    "from whom %s is taken away hears it from health, and goes on with it",
    async (command) => {
      await anew();
      const driver = await open();
      later(() => driver.close());
      await recovers(driver);
      await give(`-${command}`);
      const problem = expect.stringContaining(`the right to ${command.toUpperCase()}, or to its keys`);
      expect(await driver.health()).toEqual({ ok: false, problem });
      await give(`+${command}`);
      await until(async () => (await driver.health()).ok);
      await recovers(driver);
    },
  );

  it("says of a right that was taken away a moment ago what is missing", async () => {
    await anew();
    const driver = await open();
    later(() => driver.close());
    await give("-zadd");
    await expect(driver.revocations.append({ id: "e", text: "revoked" })).rejects.toThrow(
      /does not give the client's user the rights that this needs: the README/,
    );
  });

  it.each(["hset", "hdel", "hincrby", "set", "zadd", "zremrangebyrank", "incr", "pexpireat"])(
    "lacks %s in the middle of steps that are asked again: none is taken for done, and nothing is given back twice",
    async (command) => {
      await anew();
      await server.ask("FLUSHALL");
      const driver = await open();
      later(() => driver.close());
      const ask = (id: string, call: string) =>
        driver.approvals.keep({ id, call, text: "t", untilSeconds: now() + 50, nowSeconds: now() });
      const steps = async (n: number): Promise<PromiseSettledResult<unknown>[]> => {
        const giveBack = { id: "given back", owner: ANN, nowSeconds: now() };
        return Promise.allSettled([
          driver.revocations.append({ id: "e", text: "revoked" }),
          driver.spending.settle(giveBack, "nothing_happened"),
          driver.approvals.answer({ id: "asked", key: "mia", text: "yes", nowSeconds: now() }),
          ask(`asked ${n}`, "other call"),
        ]);
      };
      await pay(driver, "spent");
      await pay(driver, "given back");
      await ask("asked", "call");
      await give(`-${command}`);
      const answers = [...(await steps(1)), ...(await steps(2))];
      expect(answers.map(({ status }) => status)).toContain("rejected");
      await give(`+${command}`);
      for (const { status } of await steps(3)) expect(status).toBe("fulfilled");

      expect((await driver.revocations.read(undefined)).entries.map(({ id }) => id)).toEqual(["e"]);
      expect(await spent(driver)).toBeGreaterThanOrEqual(10);
      expect((await driver.approvals.find("asked"))?.answers).toEqual(["yes"]);
      expect(await driver.approvals.list(10)).toContainEqual(await driver.approvals.latest("other call"));
    },
  );
});
