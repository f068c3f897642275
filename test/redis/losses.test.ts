import { openedState, type StateDriver } from "@hopwise/core/state";
import type { Thumbprint } from "@hopwise/core/tokens";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { MISSING, patientOptions, unlessMissing, until } from "./redis-server.ts";
import {
  aClient,
  aDriver,
  aFront,
  allRefuse,
  aServer,
  claim,
  misfit,
  now,
  pay,
  recovers,
  refusal,
  spent,
} from "./scene.ts";

const ALWAYS = ["--appendonly", "yes", "--appendfsync", "always"];

describe.skipIf(MISSING !== undefined)(unlessMissing("Redis that loses what it knew"), () => {
  it("is flushed: all instances say that they know nothing from before, over the connection that they have", async () => {
    const server = await aServer();
    const drivers = [await aDriver(server.port), await aDriver(server.port)] as const;
    const [one, two] = drivers;
    const used = now();
    expect(await claim(one, "k", used)).toBe(true);
    await pay(one, "r");
    await server.ask("FLUSHALL");
    expect(await claim(two, "k", used), "the store forgot it").toBe(true);
    expect(two.replay.notBefore).toBeGreaterThan(used);
    expect(await pay(one, "s")).toMatchObject({ outcome: "reserved", spent: [10] });
    for (const { replay, spending, approvals } of drivers) {
      for (const { notBefore } of [replay, spending, approvals]) expect(notBefore).toBeGreaterThan(used);
    }
    const since = one.replay.notBefore;
    for (const driver of drivers) await driver.health();
    expect(one.replay.notBefore, "and is not of another epoch at each look").toBe(since);
  });

  it.each([
    ["kept nothing", []],
    ["kept all to the last second", ["--appendonly", "yes"]],
  ])("starts again and %s: a new epoch", async (_, args) => {
    const server = await aServer(...args);
    const driver = await aDriver(server.port);
    const used = now();
    await claim(driver, "k", used);
    await server.kill();
    await server.restart();
    await recovers(driver);
    expect(driver.replay.notBefore).toBeGreaterThan(used);
  });

  it("starts again with an older copy: its log of revocations is young once more, so that all are closed until it has back what it lost", async () => {
    const server = await aServer();
    const living = await aDriver(server.port);
    await living.revocations.append({ id: "e", text: "before the copy" });
    await server.ask("SAVE");
    const copied = await living.revocations.read(undefined);
    await living.revocations.append({ id: "f", text: "after it" });
    await server.kill();
    const restarted = now();
    await server.restart();
    await recovers(living);
    for (const driver of [living, await aDriver(server.port)]) {
      // Whose copy ends where the log ends now would else not notice.
      expect(await driver.revocations.head()).not.toBe(copied.head);
      const page = await driver.revocations.read(copied.head);
      expect(page).toMatchObject({ epoch: copied.epoch, continues: true, entries: [] });
      expect(page.ageSeconds).toBeLessThanOrEqual(now() - restarted);
    }
  });

  it("starts again and wrote all to disk first: the same epoch, and nothing is good twice", async () => {
    const server = await aServer(...ALWAYS);
    const driver = await aDriver(server.port, { durable: true });
    const { notBefore } = driver.replay;
    await claim(driver, "k");
    await pay(driver, "r", 40);
    const head = await driver.revocations.head();
    await server.kill();
    await server.restart();
    await until(async () => (await driver.health()).ok);
    expect(await driver.revocations.head(), "also of its log of revocations").toBe(head);
    expect(await claim(driver, "k")).toBe(false);
    expect(await pay(driver, "s", 40)).toMatchObject({ spent: [80] });
    expect(driver.replay.notBefore).toBe(notBefore);
    expect((await aDriver(server.port, { durable: true })).replay.notBefore).toBeCloseTo(notBefore as number, 0);
  });

  it("is said to write all to disk first, and does not: refused at the start", async () => {
    const server = await aServer("--appendonly", "yes");
    const words = await misfit(aDriver(server.port, { durable: true }));
    expect(words).toMatch(/does not write each step to disk.*set appendonly yes and appendfsync always/);
  });

  it("is told under way to write to disk no more: closed at the next look", async () => {
    const server = await aServer(...ALWAYS);
    const driver = await aDriver(server.port, { durable: true });
    await claim(driver, "k");
    await server.ask("CONFIG", "SET", "appendfsync", "everysec");
    await server.ask("CLIENT", "KILL", "TYPE", "normal"); // each new connection is a look
    await until(async () => /does not write each step/.test((await driver.health()).problem ?? ""));
    expect(await refusal(claim(driver, "l"))).toMatch(/does not write each step to disk/);
    await server.ask("CONFIG", "SET", "appendfsync", "always");
    await recovers(driver);
  });

  it("wrote to disk first, and starts again without that file: a new epoch, also once it writes again", async () => {
    const server = await aServer(...ALWAYS);
    const driver = await aDriver(server.port, { durable: true });
    await server.ask("SAVE");
    const used = now();
    await claim(driver, "k", used);
    await server.kill();
    await server.restart("--appendonly", "no", "--dbfilename", "dump.rdb");
    await until(async () => /does not write each step/.test((await driver.health()).problem ?? ""));
    await server.ask("CONFIG", "SET", "appendonly", "yes");
    await recovers(driver);
    expect(driver.replay.notBefore).toBeGreaterThan(used);
  });

  it("began while its clock was an hour ahead, and goes right again: a new epoch, that is not of a time to come", async () => {
    const server = await aServer();
    await (await aDriver(server.port)).close();
    for (const key of (await server.ask("KEYS", "{hopwise:*}:mark")) as readonly string[]) {
      const mark = String(await server.ask("GET", key));
      await server.ask(
        "SET",
        key,
        mark.replace(/^\d+/, (seconds) => `${Number(seconds) + 3600}`),
      );
    }
    const driver = await aDriver(server.port);
    expect(driver.replay.notBefore).toBeLessThan(now() + 5);
    expect(await claim(driver, "k")).toBe(true);
  });

  it("gets its first replica, which leaves again: the same epoch", async () => {
    const server = await aServer("--min-replicas-max-lag", "10", "--repl-backlog-ttl", "1");
    const driver = await aDriver(server.port, { failOverMs: 15_000 });
    const { notBefore } = driver.replay;
    await claim(driver, "k");
    const replica = await aServer("--replicaof", "127.0.0.1", `${server.port}`);
    await server.ask("CONFIG", "SET", "min-replicas-to-write", "1");
    await until(async () => String(await server.ask("INFO", "replication")).includes("state=online"));
    await until(async () => claim(driver, "l"));
    expect(await claim(driver, "k")).toBe(false);
    await server.ask("CONFIG", "SET", "min-replicas-to-write", "0");
    await replica.kill();
    await until(async () => String(await server.ask("INFO", "replication")).includes("repl_backlog_active:0"));
    expect(await claim(driver, "m")).toBe(true);
    expect(await claim(driver, "k")).toBe(false);
    expect(driver.replay.notBefore).toBe(notBefore);
  });

  it("is demoted, filled with another's data and promoted again over one connection: a new epoch", async () => {
    const [server, other] = [await aServer(), await aServer()];
    const driver = await aDriver(server.port);
    const used = now();
    await claim(driver, "k", used);
    await server.ask("REPLICAOF", "127.0.0.1", `${other.port}`);
    await until(async () => String(await server.ask("INFO", "replication")).includes("master_link_status:up"));
    expect(await refusal(claim(driver, "k", used))).toMatch(/replica/);
    await server.ask("REPLICAOF", "NO", "ONE");
    await recovers(driver);
    expect(driver.replay.notBefore).toBeGreaterThan(used);
  });

  it("is given an older copy by another master, over one connection: who reads the log of revocations is told at once", async () => {
    const server = await aServer();
    const living = await aDriver(server.port);
    await living.revocations.append({ id: "e", text: "before the copy" });
    const copied = await living.revocations.read(undefined);
    const other = await aServer("--replicaof", "127.0.0.1", `${server.port}`);
    const isUp = async (of: typeof server): Promise<boolean> =>
      String(await of.ask("INFO", "replication")).includes("master_link_status:up");
    await until(() => isUp(other));
    await other.ask("REPLICAOF", "NO", "ONE");
    await until(async () => String(await server.ask("INFO", "replication")).includes("connected_slaves:0"));
    await living.revocations.append({ id: "f", text: "after it" });
    const lost = now();
    await server.ask("REPLICAOF", "127.0.0.1", `${other.port}`);
    await until(() => isUp(server));
    await server.ask("REPLICAOF", "NO", "ONE");
    expect(await living.revocations.head()).not.toBe(copied.head);
    const page = await living.revocations.read(copied.head);
    expect(page).toMatchObject({ epoch: copied.epoch, continues: true, entries: [] });
    expect(page.ageSeconds).toBeLessThanOrEqual(now() - lost);
  });

  it("may have lost of the log of revocations alone: that is young, and proofs and budgets are as they were", async () => {
    const server = await aServer();
    const driver = await aDriver(server.port);
    const { notBefore } = driver.replay;
    await pay(driver, "r", 40);
    const lost = now();
    await server.ask("DEL", "{hopwise:revocations}:mark");
    expect((await driver.revocations.read(undefined)).ageSeconds).toBeLessThanOrEqual(now() - lost);
    expect(await pay(driver, "s", 40)).toMatchObject({ spent: [80] });
    expect([driver.replay.notBefore, driver.spending.notBefore]).toEqual([notBefore, notBefore]);
  });

  it("fails over to a replica that lacks the last entries: no proof twice, no budget anew, no revocation lost", async () => {
    const master = await aServer("--min-replicas-to-write", "1", "--min-replicas-max-lag", "10");
    const link = await aFront(master.port);
    const replica = await aServer("--replicaof", "127.0.0.1", `${link.port}`);
    await until(async () => String(await master.ask("INFO", "replication")).includes("state=online"));
    const address = await aFront(master.port);
    const driver = await aDriver(address.port, { failOverMs: 15_000 });
    const state = await openedState(driver, { repairSeconds: 0.5 });
    const key = "k".repeat(43) as Thumbprint;
    const asked = { tokens: [], keys: [key], agents: [], user: ANN_IS, issuedAt: now() };
    expect(await state.revocations.find(asked)).toBeUndefined();
    await state.revocations.revoke({ agent: "planner" });

    link.mode = "drop";
    const used = now();
    expect(await claim(driver, "before", used)).toBe(true);
    expect(await pay(driver, "before", 90)).toMatchObject({ outcome: "reserved" });
    const revoking = refusal(Promise.resolve(state.revocations.revoke({ key })));
    expect(await revoking).toMatch(/has the revocation, but no replica took it/);
    expect(await state.revocations.find(asked), "it is known all the same").toEqual({ key });

    await master.kill();
    await replica.ask("REPLICAOF", "NO", "ONE");
    address.target = replica.port;
    await recovers(driver);
    expect(await claim(driver, "before", used), "the new master never saw it").toBe(true);
    expect(driver.replay.notBefore, "and nothing from before counts").toBeGreaterThan(used);
    expect(driver.spending.notBefore).toBeGreaterThan(used);
    await until(async () => (await driver.revocations.read(undefined)).entries.length === 2);
    await until(async () => (await state.revocations.find(asked)) !== undefined);
    expect(await state.revocations.find(asked), "the living instance gave it back").toEqual({ key });
    expect(await spent(driver)).toBe(10);
    await state.close();
  });
});

const ANN_IS = { issuer: "https://id.example", subject: "ann" };

describe.skipIf(MISSING !== undefined)(unlessMissing("Redis that could lose what it is told"), () => {
  it.each(["volatile-lru", "allkeys-lru", "volatile-ttl"])("evicts by %s: refused at the start", async (policy) => {
    const server = await aServer("--maxmemory-policy", policy);
    expect(await misfit(aDriver(server.port))).toMatch(
      new RegExp(`maxmemory-policy ${policy}, which drops used proofs in silence: set it to noeviction`),
    );
  });

  it("begins to evict: closed from the next look on, and open once that is mended", async () => {
    const server = await aServer();
    const driver = await aDriver(server.port);
    await server.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    expect(await driver.health()).toMatchObject({ ok: false, problem: expect.stringMatching(/maxmemory-policy/) });
    expect(await refusal(claim(driver, "k"))).toMatch(/set it to noeviction/);
    expect(await refusal(Promise.resolve(driver.revocations.head()))).toMatch(/set it to noeviction/);
    await server.ask("CONFIG", "SET", "maxmemory-policy", "noeviction");
    await until(async () => claim(driver, "k"));
  });

  it("begins to evict, and nobody asks for its health: closed long before the next whole look", async () => {
    const server = await aServer();
    const driver = await aDriver(server.port);
    await server.ask("CONFIG", "SET", "maxmemory-policy", "volatile-ttl");
    let keys = 0;
    const isClosed = (): Promise<boolean> =>
      claim(driver, `k.${keys++}`).then(
        () => false,
        (error: Error) => error.message.includes("set it to noeviction"),
      );
    await until(isClosed, 15_000);
  });

  it("evicted something between two looks: a new epoch", async () => {
    const server = await aServer();
    const driver = await aDriver(server.port);
    const { notBefore } = driver.replay;
    for (const [name, value] of Object.entries({ "maxmemory-policy": "volatile-random", maxmemory: "1" })) {
      await claim(driver, `before ${name}`);
      await server.ask("CONFIG", "SET", name, value);
    }
    await server.ask("SET", "x", "y").catch(() => {});
    for (const [name, value] of Object.entries({ maxmemory: "0", "maxmemory-policy": "noeviction" })) {
      await server.ask("CONFIG", "SET", name, value);
    }
    expect(await driver.health()).toEqual({ ok: true });
    expect(driver.replay.notBefore).toBeGreaterThan(notBefore as number);
  });

  it.each(["head", "entries", "order"])(
    "evicted a part of the log of revocations (%s): the living instance gives all back, also to one that starts later",
    async (part) => {
      const server = await aServer();
      const state = await openedState(await aDriver(server.port), { repairSeconds: 0.5 });
      await state.revocations.revoke({ agent: "planner" });
      await server.ask("DEL", `{hopwise:revocations}:${part}`);
      const later = await aDriver(server.port);
      await until(async () => {
        await state.revocations.find({ tokens: [], keys: [], agents: ["planner"], user: ANN_IS, issuedAt: now() });
        return (await later.revocations.read(undefined)).entries.length === 1;
      });
      await state.close();
    },
  );

  it("forgets what has ended, and knows a log of which all has ended from one that was lost", async () => {
    const server = await aServer();
    const driver = await aDriver(server.port);
    for (const id of ["a", "b"]) await driver.revocations.append({ id, text: "t", untilSeconds: now() - 3 * 86_400 });
    const { head, entries } = await driver.revocations.read(undefined);
    expect(entries.map(({ id }) => id)).toEqual(["a", "b"]);
    const from = performance.now();
    const clock = vi.spyOn(performance, "now").mockImplementation(() => from + 3_601_000);
    onTestFinished(() => clock.mockRestore());
    const left = await driver.revocations.read(undefined);
    expect(left.entries.map(({ id }) => id)).toEqual(["b"]);
    expect([left.head, await driver.revocations.head()]).toEqual([head, head]);
  });

  it.each([
    ["does not need them to write", [], {}, /set min-replicas-to-write to 1 or more, and min-replicas-max-lag/],
    ["takes over at nobody knows what time", ["--min-replicas-to-write", "1"], {}, /has replicas: give failOverMs/],
    [
      "waits for them longer than until one takes over",
      ["--min-replicas-to-write", "1", "--min-replicas-max-lag", "10"],
      { failOverMs: 12_000 },
      /has min-replicas-max-lag 10, and a replica may take over after 12000 ms/,
    ],
  ])("has replicas, and %s: refused at the start", async (_, args, options, words) => {
    const server = await aServer(...args);
    await aServer("--replicaof", "127.0.0.1", `${server.port}`);
    await until(async () => String(await server.ask("INFO", "replication")).includes("state=online"));
    expect(await misfit(aDriver(server.port, options))).toMatch(words);
  });

  it("is a replica: refused at the start", async () => {
    const server = await aServer("--replicaof", "127.0.0.1", "1");
    expect(await misfit(aDriver(server.port))).toMatch(/is a replica: the client must be sent to the master/);
  });

  it("wants a password that the client does not have: refused at the start", async () => {
    const server = await aServer();
    await server.ask("CONFIG", "SET", "requirepass", "swordfish");
    const words = await misfit(aDriver(server.port));
    expect(words).toMatch(/refuses the login: give the client a username and password that it knows/);
    expect(words).not.toContain("swordfish");
  });

  it("changes the password while it runs: a client that asks for it at each connection goes on, another one is told", async () => {
    const server = await aServer();
    await server.ask("ACL", "SETUSER", "hopwise", "on", ">one", "~*", "+@all");
    let password = "one";
    const credentials = async () => ({ username: "hopwise", password });
    const asks = { type: "async-credentials-provider" as const, credentials };
    const drivers = await Promise.all(
      [{ credentialsProvider: asks }, { username: "hopwise", password }].map((login) =>
        aDriver(server.port, { client: aClient(server.port, { ...patientOptions(), ...login }) }),
      ),
    );
    const [asking, fixed] = drivers as [StateDriver, StateDriver];
    password = "two";
    await server.ask("ACL", "SETUSER", "hopwise", "resetpass", ">two");
    await server.ask("CLIENT", "KILL", "USER", "hopwise");
    await recovers(asking);
    await allRefuse(fixed, /refuses the login/);
  });

  it("keeps proofs for another window than this instance says: refused at the start", async () => {
    const server = await aServer();
    await aDriver(server.port, { longestWindowSeconds: 90 });
    expect(await misfit(aDriver(server.port))).toMatch(/keeps proofs for a longestWindowSeconds of 90: all instances/);
    await aDriver(server.port, { prefix: "other" });
  });

  it("keeps nothing under a prefix where something must be: refused at the start, and nothing is made", async () => {
    const server = await aServer();
    const words = /keeps no state under the prefix shop: give the prefix that its instances have/;
    expect(await misfit(aDriver(server.port, { mustExist: true, prefix: "shop" }))).toMatch(words);
    expect(await server.ask("DBSIZE")).toBe(0);
  });

  it("must keep something: then it is opened with its own window, and no longer one is believed", async () => {
    const server = await aServer();
    await aDriver(server.port, { longestWindowSeconds: 120, prefix: "shop" });
    const driver = await aDriver(server.port, { mustExist: true, prefix: "shop" });
    const about = { madeAtSeconds: now(), nowSeconds: now() };
    expect(await driver.replay.claim("a", now() + 115, about)).toBe(true);
    expect(await refusal((async () => driver.replay.claim("b", now() + 125, about))())).toMatch(/windows of up to 120/);
    const other = aDriver(server.port, { mustExist: true, prefix: "shop", longestWindowSeconds: 60 });
    expect(await misfit(other)).toMatch(/keeps proofs for a longestWindowSeconds of 120/);
  });

  it("must keep something, and cannot be reached: that is not opened", async () => {
    const server = await aServer();
    await server.kill();
    expect(await refusal(aDriver(server.port, { mustExist: true }))).toMatch(/cannot be reached/);
  });
});
