/** Clients that were made wrongly, in ways that no option tells: what whoever made them is told. */
import { openRedis, redisState } from "@hopwise/redis";
import { createClient, createCluster } from "@redis/client";
import { describe, expect, it } from "vitest";
import { webServer } from "../support/web-server.ts";
import { startCluster } from "./cluster.ts";
import { askAt, MISSING, patientOptions, unlessMissing } from "./redis-server.ts";
import { aClient, aDriver, allRefuse, aServer, claim, later, misfit, recovers, refusal } from "./scene.ts";

const open = (url: string, more: object = {}) => {
  const client = createClient({ url, ...patientOptions(), ...more });
  later(() => client.isOpen && client.destroy());
  return redisState({ client, deadlineMs: 1500 });
};
const clusterOf = (url: string) => {
  const client = createCluster({ rootNodes: [{ url }], defaults: patientOptions() });
  later(() => client.destroy());
  return redisState({ client: client as never, deadlineMs: 1500 });
};

describe.skipIf(MISSING !== undefined)(unlessMissing("a client of Redis"), () => {
  it("that names a database which is not there is refused at the start", async () => {
    const { port } = await aServer();
    expect(await misfit(open(`redis://127.0.0.1:${port}/99`))).toMatch(/has no database of the number/);
  });

  it("that names another database keeps all there, and a flush of the first is none of its", async () => {
    const server = await aServer();
    const state = await open(`redis://127.0.0.1:${server.port}/3`);
    later(() => state.close());
    const until = Date.now() / 1000 + 50;
    expect(await state.replay.claim("k", until)).toBe(true);
    await server.ask("FLUSHDB");
    expect(await state.replay.claim("k", until)).toBe(false);
  });

  it("that was led to another database by select is told that nobody would see what it revokes", async () => {
    const { port } = await aServer();
    const client = createClient({ url: `redis://127.0.0.1:${port}`, ...patientOptions() });
    later(() => client.destroy());
    await client.connect();
    await client.select(3);
    const driver = await openRedis({ client, deadlineMs: 1500 });
    later(() => driver.close());
    expect(await refusal(Promise.resolve(driver.revocations.append({ id: "a", text: "t" })))).toMatch(
      /has the revocation, but not where this client asks: give the client its database in its options, and not by select/,
    );
    await client.select(0);
    await driver.revocations.append({ id: "b", text: "t" });
    expect((await driver.revocations.read(undefined)).entries).toHaveLength(2);
  });

  it("of a cluster is refused at the start by a server that is none, with the client that is right", async () => {
    const { port } = await aServer();
    expect(await misfit(clusterOf(`redis://127.0.0.1:${port}`))).toMatch(
      /is no cluster: make the client with createClient/,
    );
  });

  it("of one server is refused at the start by a node of a cluster, with the client that is right", async () => {
    const cluster = await startCluster();
    later(() => cluster.close());
    const words = await misfit(open(`redis://127.0.0.1:${cluster.nodes[0]?.port}`));
    expect(words).toMatch(/for a cluster, make the client with createCluster/);
  }, 60_000);

  it("is refused at the start where commands have other names, as behind a proxy", async () => {
    const { port } = await aServer("--rename-command", "EVALSHA", "");
    expect(await misfit(open(`redis://127.0.0.1:${port}`))).toMatch(/does not know all commands that this needs/);
  });

  it("of something that is not Redis hears so at the start, also where that ends each connection", async () => {
    const { url } = await webServer((_, answer) => answer.end("a page"));
    expect(await misfit(open(url.replace("http:", "redis:")))).toMatch(
      /does not speak as Redis does: is something else at this address\?$/,
    );
  });

  it("that somebody else subscribes with hears what is wrong", async () => {
    const { port } = await aServer();
    const client = createClient({ url: `redis://127.0.0.1:${port}`, ...patientOptions(), RESP: 2 });
    later(() => client.destroy());
    const state = await redisState({ client, deadlineMs: 1500 });
    later(() => state.close());
    await client.subscribe("news", () => {});
    expect(await refusal(Promise.resolve(state.replay.claim("k", Date.now() / 1000 + 50)))).toMatch(
      /by a client that subscribes to channels: give this one a client of its own/,
    );
  });

  it("that somebody else began a transaction on gets no answer to a step, and says why, until that has ended", async () => {
    const { port } = await aServer();
    const client = createClient({ url: `redis://127.0.0.1:${port}`, ...patientOptions() });
    later(() => client.destroy());
    const driver = await openRedis({ client, deadlineMs: 1500 });
    later(() => driver.close());
    await recovers(driver);
    await client.sendCommand(["MULTI"]);
    await allRefuse(
      driver,
      /by a client that is in a transaction of somebody else \(MULTI\): give this one a client of its own/,
    );
    await client.sendCommand(["DISCARD"]);
    await recovers(driver);
  });

  it("finds under its prefix what somebody else keeps there: says so", async () => {
    const { port } = await aServer();
    const driver = await aDriver(port);
    await askAt(port, ["DEL", "{hopwise:revocations}:head"]);
    await askAt(port, ["LPUSH", "{hopwise:revocations}:head", "a job of a queue"]);
    expect(await refusal(Promise.resolve(driver.revocations.head()))).toMatch(
      /holds what another program wrote under this prefix: give this one a prefix of its own/,
    );
    expect(await claim(driver, "k")).toBe(true);
  });

  it("finds a state of another version: says so at the start and under way, and leaves it as it is", async () => {
    const { port } = await aServer();
    const driver = await aDriver(port);
    const keys = (await askAt(port, ["KEYS", "{hopwise:*}:mark"])) as readonly string[];
    const marks = new Map<string, string>();
    for (const key of keys) marks.set(key, `2 ${await askAt(port, ["GET", key])}`);
    for (const [key, mark] of marks) await askAt(port, ["SET", key, mark]);
    const words = /keeps the state of another version of @hopwise\/redis under this prefix/;
    expect(await misfit(aDriver(port))).toMatch(words);
    expect(await refusal(claim(driver, "k"))).toMatch(words);
    for (const [key, mark] of marks) expect(await askAt(port, ["GET", key])).toBe(mark);
  });

  it("is opened and closed again and again: nothing grows on it, and an error later ends no process", async () => {
    const { port } = await aServer();
    const client = aClient(port, patientOptions());
    for (let i = 0; i < 12; i++) await (await redisState({ client, deadlineMs: 1500, repairSeconds: 0 })).close();
    for (const event of client.eventNames()) expect([event, client.listenerCount(event)]).toEqual([event, 1]);
    expect(client.listenerCount("error")).toBe(1);
  });
});
