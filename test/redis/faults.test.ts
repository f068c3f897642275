import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { freePort, MISSING, startRedisAt, unlessMissing, until } from "./redis-server.ts";
import {
  aDriver,
  aFront,
  allRefuse,
  aServer,
  claim,
  later,
  now,
  pay,
  recovers,
  refusal,
  SOON,
  spent,
} from "./scene.ts";

const REDIS = "Redis at 127\\.0\\.0\\.1:\\d+";

describe.skipIf(MISSING !== undefined)(unlessMissing("Redis that fails"), () => {
  it("is down at the start: opens closed, and recovers by itself", async () => {
    const port = await freePort();
    const driver = await aDriver(port);
    await allRefuse(driver, new RegExp(`^${REDIS} cannot be reached \\(ECONNREFUSED\\)$`));
    // What was used before cannot be told: no proof is called too old for that.
    for (const { name, of } of [
      { name: "replay", of: driver.replay },
      { name: "spending", of: driver.spending },
      { name: "approvals", of: driver.approvals },
    ])
      expect(() => of?.notBefore, name).toThrow(/cannot be reached \(ECONNREFUSED\)$/);
    const server = await startRedisAt(port);
    later(server.close);
    await recovers(driver);
  });

  it("dies in a call: says that it is not known whether it was done, then that it is down, and recovers", async () => {
    const server = await aServer();
    const driver = await aDriver(server.port);
    server.signal("SIGSTOP");
    const claiming = refusal(claim(driver, "k"));
    await delay(20);
    await server.kill();
    expect(await claiming).toMatch(/lost its connection, and it is not known whether this was done$/);
    await allRefuse(driver, /cannot be reached/);
    await server.restart();
    await recovers(driver);
  });

  it("hangs: closed within the deadline, sends nothing more, and is back by itself, however much is asked", async () => {
    const server = await aServer();
    const driver = await aDriver(server.port, SOON);
    server.signal("SIGSTOP");
    await allRefuse(driver, /did not answer in time$|has not answered what was asked before$/);
    expect(await refusal(claim(driver, "k"))).toMatch(/has not answered what was asked before$/);
    for (let i = 0; i < 30; i++) {
      await refusal(claim(driver, "k"));
      await delay(30);
    }
    server.signal("SIGCONT");
    await recovers(driver);
  });

  it("hangs for a moment: the late answer opens it again", async () => {
    const server = await aServer();
    const front = await aFront(server.port);
    const driver = await aDriver(front.port, SOON);
    const { notBefore } = driver.replay;
    // The script is there, and each way takes longer than half of the deadline.
    await claim(driver, "first");
    front.mode = 160;
    expect(await refusal(claim(driver, "k"))).toMatch(/did not answer in time$/);
    front.mode = "pass";
    await until(async () => (await driver.health()).ok);
    expect(await claim(driver, "k"), "it was done all the same").toBe(false);
    expect(driver.replay.notBefore).toBe(notBefore);
  });

  it("is partitioned: closed within the deadline, and back once the network is", async () => {
    const server = await aServer();
    const front = await aFront(server.port);
    const driver = await aDriver(front.port, SOON);
    front.mode = "drop";
    await allRefuse(driver, /did not answer in time$|has not answered what was asked before$|lost its connection/);
    await delay(700);
    await allRefuse(driver, /cannot be reached|answer/);
    front.mode = "pass";
    await recovers(driver);
  });

  it("is full: says so, still lets something be revoked, and recovers", async () => {
    const server = await aServer();
    const driver = await aDriver(server.port);
    await server.ask("CONFIG", "SET", "maxmemory", "1");
    expect(await refusal(claim(driver, "k"))).toMatch(/is full: raise maxmemory/);
    expect(await refusal(pay(driver, "r"))).toMatch(/is full/);
    await driver.revocations.append({ id: "e", text: "revoked" });
    expect((await driver.revocations.read(undefined)).entries).toHaveLength(1);
    await server.ask("CONFIG", "SET", "maxmemory", "0");
    expect(await claim(driver, "k")).toBe(true);
    expect(await pay(driver, "r")).toMatchObject({ outcome: "reserved", spent: [10] });
  });

  it("takes no more clients: still lets something be revoked, and where a replica would have to take it, says why not", async () => {
    const server = await aServer("--min-replicas-max-lag", "10");
    const driver = await aDriver(server.port, { failOverMs: 15_000 });
    const asker = await server.client();
    later(() => asker.destroy());
    const set = (name: string, value: string): Promise<unknown> => asker.sendCommand(["CONFIG", "SET", name, value]);
    const takeNoMore = async (): Promise<unknown> => {
      const [, clients = ""] =
        /connected_clients:(\d+)/.exec(String(await asker.sendCommand(["INFO", "clients"]))) ?? [];
      return set("maxclients", clients);
    };
    await takeNoMore();
    await driver.revocations.append({ id: "e", text: "revoked" });
    expect((await driver.revocations.read(undefined)).entries).toHaveLength(1);
    await set("maxclients", "1000");
    await aServer("--replicaof", "127.0.0.1", `${server.port}`);
    await set("min-replicas-to-write", "1");
    await until(async () => String(await server.ask("INFO", "replication")).includes("state=online"));
    await recovers(driver);
    await takeNoMore();
    expect(await refusal(Promise.resolve(driver.revocations.append({ id: "f", text: "revoked" })))).toMatch(
      /has the revocation, and was asked for one more connection.*: it takes no more clients \(maxclients\)/,
    );
  });

  it("is made a read-only replica: closed, with a word of it", async () => {
    const server = await aServer();
    const driver = await aDriver(server.port);
    await server.ask("REPLICAOF", "127.0.0.1", "1");
    await allRefuse(driver, /replica/);
    await server.ask("REPLICAOF", "NO", "ONE");
    await recovers(driver);
  });

  it("is made a replica that lets others write: closed all the same", async () => {
    const server = await aServer("--replica-read-only", "no");
    const driver = await aDriver(server.port);
    await server.ask("REPLICAOF", "127.0.0.1", "1");
    await allRefuse(driver, /replica/);
  });

  it.each(["yes", "no"])(
    "is made a replica and keeps its connections, while its address leads to the new master: goes on there (read-only: %s)",
    async (readOnly) => {
      const [old, next] = [await aServer("--replica-read-only", readOnly), await aServer()];
      const front = await aFront(old.port);
      const driver = await aDriver(front.port);
      expect(await claim(driver, "k")).toBe(true);
      const before = driver.replay.notBefore;
      front.target = next.port;
      await old.ask("REPLICAOF", "127.0.0.1", "1");
      expect(await refusal(claim(driver, "k2"))).toMatch(/replica/);
      await recovers(driver);
      expect(driver.replay.notBefore).not.toBe(before);
    },
  );

  it("has too few replicas: says so", async () => {
    const server = await aServer();
    const driver = await aDriver(server.port);
    await server.ask("CONFIG", "SET", "min-replicas-to-write", "1");
    await allRefuse(driver, /has too few replicas that follow it \(min-replicas-to-write\)$/);
    await server.ask("CONFIG", "SET", "min-replicas-to-write", "0");
    await recovers(driver);
  });

  it("is busy with a script: closed, and back once it is not", async () => {
    const server = await aServer("--busy-reply-threshold", "50");
    const driver = await aDriver(server.port);
    const loop = server.ask("EVAL", "while true do end", "0").catch(() => {});
    await until(async () => (await refusal(claim(driver, "k"))).endsWith("is busy with a script"));
    await server.ask("SCRIPT", "KILL");
    await loop;
    await recovers(driver);
  });

  it("is loading its data: says so", async () => {
    const server = await aServer();
    const driver = await aDriver(server.port);
    for (let i = 0; i < 300; i++) await claim(driver, `k${i}`);
    await server.ask("SAVE");
    await server.kill();
    const restarting = server.restart("--key-load-delay", "5000", "--loading-process-events-interval-bytes", "1024");
    await until(async () => (await driver.health()).problem?.endsWith("is loading its data"));
    await restarting;
    await recovers(driver);
  });

  it("takes rights away: says so", async () => {
    const server = await aServer();
    const driver = await aDriver(server.port);
    await server.ask("ACL", "SETUSER", "default", "-eval", "-evalsha");
    await allRefuse(driver, /does not give the client's user the rights that this needs: the README/);
  });

  it("forgets its scripts: they are sent anew", async () => {
    const server = await aServer();
    const driver = await aDriver(server.port);
    await claim(driver, "k");
    await server.ask("SCRIPT", "FLUSH");
    const both = [claim(driver, "k"), driver.revocations.head()] as const;
    expect(await Promise.all(both)).toEqual([false, expect.any(String)]);
  });

  it("loses the answer to a reserve: it is asked again by its id, and counts once", async () => {
    const server = await aServer();
    const front = await aFront(server.port);
    const [driver, other] = [await aDriver(front.port, { deadlineMs: 2000 }), await aDriver(server.port)];
    expect(await pay(driver, "first")).toMatchObject({ spent: [10] });
    front.mode = "swallow";
    const paying = pay(driver, "second");
    await until(async () => (await spent(other)) === 20);
    front.cut();
    front.mode = "pass";
    front.mend();
    expect(await paying).toMatchObject({ outcome: "reserved", spent: [20] });
    expect(await spent(other)).toBe(20);
  });

  it("loses the answer to a reserve, and stays away: whoever asks again by its id knows", async () => {
    const server = await aServer();
    const front = await aFront(server.port);
    const [driver, other] = [await aDriver(front.port, SOON), await aDriver(server.port)];
    expect(await pay(driver, "first")).toMatchObject({ spent: [10] });
    front.mode = "swallow";
    const message = refusal(pay(driver, "r"));
    await until(async () => (await spent(other)) === 20);
    front.cut();
    expect(await message).toMatch(/is not known whether this was done$|cannot be reached/);
    expect(await pay(other, "r")).toMatchObject({ outcome: "reserved", spent: [20] });
  });

  it("has another clock than who asks: refused", async () => {
    const server = await aServer();
    const driver = await aDriver(server.port);
    const step = async (): Promise<unknown> => driver.replay.claim("k", now() + 50, { nowSeconds: now() - 60 });
    expect(await refusal(step())).toMatch(/the clock of .* and that of this machine differ by more than 5 seconds/);
  });

  it("has a clock that ended a revocation long ago: an instance that just began does not forget it by that", async () => {
    const server = await aServer();
    const driver = await aDriver(server.port);
    const ended = { id: "a", text: "t", untilSeconds: now() - 3 * 86_400 };
    await driver.revocations.append(ended);
    await driver.revocations.append({ id: "b", text: "t" });
    const { entries } = await (await aDriver(server.port)).revocations.read(undefined);
    expect(entries).toEqual([ended, { id: "b", text: "t" }]);
    // One that knows the time for longer does.
    const from = performance.now();
    const later = vi.spyOn(performance, "now").mockImplementation(() => from + 3_601_000);
    onTestFinished(() => later.mockRestore());
    expect((await driver.revocations.read(undefined)).entries).toEqual([{ id: "b", text: "t" }]);
  });

  it.each([8000, -60_000])(
    "has another clock than this machine, by %i ms: closed, not well, and says so until it is right",
    async (ms) => {
      const server = await aServer();
      const real = Date.now;
      const off = vi.spyOn(Date, "now").mockImplementation(() => real() + ms);
      onTestFinished(() => off.mockRestore());
      const driver = await aDriver(server.port);
      const words = new RegExp(`^the clock of ${REDIS} and that of this machine differ by more than 5 seconds$`);
      // The log of revocations goes by no clock.
      for (const step of [claim(driver, "k"), pay(driver, "r"), spent(driver)])
        expect(await refusal(step)).toMatch(words);
      expect(() => driver.replay.notBefore).toThrow(words);
      expect(await driver.health()).toEqual({ ok: false, problem: expect.stringMatching(words) });
      off.mockRestore();
      await recovers(driver);
      expect(driver.replay.notBefore).toBeLessThanOrEqual(now());
    },
  );
});
