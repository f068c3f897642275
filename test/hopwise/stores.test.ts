/**
 * The stores that commands open, as processes and on real ones: what no server made is not made, what a server made with its
 * own options is found, and whatever is refused, the process ends.
 */
import { readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { SharedState } from "@hopwise/core/state";
import { redisState } from "@hopwise/redis";
import { sqliteState } from "@hopwise/sqlite";
import { afterAll, describe, expect, it, vi } from "vitest";
import { COMMANDS } from "../../packages/hopwise/src/commands/index.ts";
import { STORE } from "../../packages/hopwise/src/open-state.ts";
import {
  MISSING,
  newClient,
  patientOptions,
  type RedisServer,
  startRedis,
  unlessMissing,
  until,
} from "../redis/redis-server.ts";
import { type Answer, hopwise, hopwiseProcess } from "./hopwise.ts";
import { projectWithStores } from "./project.ts";

const project = (): string => projectWithStores((end) => void ends.push(end));

const REVOKE = ["revoke", "--agent", "planner", "--yes"];
const LIFT = ["revoke", "--lift", "--agent", "planner", "--yes"];
const LIST = ["revoke", "--list"];
const ALL: readonly (readonly string[])[] = [REVOKE, LIFT, LIST];

// The tests run side by side: most of their time they wait for processes, and on a busy machine for each other.
vi.setConfig({ testTimeout: 120_000 });
const ends: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

/** What a server remembers, until the tests have ended. */
async function held<State extends SharedState>(opening: Promise<State>): Promise<State> {
  const state = await opening;
  ends.push(() => state.close());
  return state;
}

async function expectRevoked(state: SharedState, folder: string, ...store: readonly string[]): Promise<void> {
  expect(await hopwise([...REVOKE, ...store], { folder })).toMatchObject({ code: 0, err: expect.any(String) });
  expect(await state.revocations.list()).toMatchObject([{ target: { agent: "planner" } }]);
  expect((await hopwise([...LIST, ...store], { folder })).out).toMatch(/agent planner; until it is lifted/);
  expect(await hopwise([...LIFT, ...store], { folder })).toMatchObject({ code: 0 });
  expect(await state.revocations.list()).toEqual([]);
}

/** @returns what it said */
function refused({ code, out, err }: Answer): string {
  expect([code, out]).toEqual([2, ""]);
  return err;
}

it("takes all that names a store in each command that takes one", () => {
  const taking = COMMANDS.filter(({ options }) => Object.keys(STORE).some((name) => name in options));
  expect(taking.map(({ name }) => name)).toContain("revoke");
  for (const { options } of taking) expect(options).toMatchObject(STORE);
});

describe("a store in a file", { concurrent: true }, () => {
  it.each(ALL)("that is not there is not made by %s %s", async (...command) => {
    const folder = project();
    const before = readdirSync(folder);
    const words = refused(await hopwise([...command, "--state", "sqlite:typo.db"], { folder }));
    expect(words).toContain(`the file ${join(folder, "typo.db")} is not there`);
    expect(readdirSync(folder)).toEqual(before);
  });

  it("is used whatever the longest window is that it was made with", async () => {
    const folder = project();
    const state = await held(sqliteState({ file: join(folder, "state.db"), longestWindowSeconds: 120 }));
    await expectRevoked(state, folder, "--state", "sqlite:state.db");
  });

  it("has no prefix", async () => {
    const store = ["--state", "sqlite:state.db", "--prefix", "shop"];
    expect(refused(await hopwiseProcess([...LIST, ...store], { folder: project() }))).toContain("--prefix goes with");
  });
});

describe.skipIf(MISSING !== undefined)(unlessMissing("a store on Redis"), { concurrent: true }, () => {
  async function server(...args: readonly string[]): Promise<RedisServer & { readonly store: readonly string[] }> {
    const redis = await startRedis(...args);
    ends.push(redis.close);
    return { ...redis, store: ["--state", `redis://127.0.0.1:${redis.port}`] };
  }

  async function stateOn(redis: RedisServer, options: object): Promise<SharedState> {
    const client = await redis.client();
    ends.push(() => client.destroy());
    return held(redisState({ client, deadlineMs: 2000, ...options }));
  }

  it("is used with the prefix of its servers, and whatever the longest window is that it was made with", async () => {
    const redis = await server();
    const state = await stateOn(redis, { prefix: "shop", longestWindowSeconds: 120 });
    await expectRevoked(state, project(), ...redis.store, "--prefix", "shop");
  });

  it.each(ALL)("under whose prefix no server keeps anything is not made by %s %s", async (...command) => {
    const redis = await server();
    await stateOn(redis, { prefix: "shop" });
    const keys = await redis.ask("DBSIZE");
    const words = refused(await hopwise([...command, ...redis.store], { folder: project() }));
    expect(words).toContain("keeps no state under the prefix hopwise");
    expect(await redis.ask("DBSIZE")).toBe(keys);
  });

  it("that has replicas is used with what its servers say of them", async () => {
    const redis = await server("--min-replicas-to-write", "1", "--min-replicas-max-lag", "10");
    await server("--replicaof", "127.0.0.1", `${redis.port}`);
    await until(async () => String(await redis.ask("INFO", "replication")).includes("state=online"));
    const state = await stateOn(redis, { failOverMs: 30_000 });
    const folder = project();
    expect(refused(await hopwiseProcess([...REVOKE, ...redis.store], { folder }))).toContain("give failOverMs");
    await expectRevoked(state, folder, ...redis.store, "--fail-over-ms", "30000");
    const none = await hopwiseProcess([...REVOKE, ...redis.store, "--fail-over-ms", "soon"], { folder });
    expect(refused(none)).toContain("failOverMs must be a whole number");
  });

  it.each<[string, (redis: RedisServer) => Promise<unknown>, readonly string[], RegExp]>([
    [
      "drops what it was told",
      (redis) => redis.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"),
      [],
      /has maxmemory-policy allkeys-lru/,
    ],
    ["wants a password", (redis) => redis.ask("CONFIG", "SET", "requirepass", "hunter2"), [], /refuses the login/],
    ["follows another one", (redis) => redis.ask("REPLICAOF", "127.0.0.1", "1"), [], /is a replica/],
    ["is gone", (redis) => redis.kill(), [], /state_unavailable: Redis at .* cannot be reached/],
    ["does not answer", async (redis) => redis.signal("SIGSTOP"), [], /state_unavailable: Redis at /],
    [
      "takes nothing any more",
      (redis) => redis.ask("CONFIG", "SET", "min-replicas-to-write", "1"),
      [],
      /has too few replicas that follow it/,
    ],
    ["is asked for a prefix that cannot be", async () => {}, ["--prefix", "a b"], /prefix must be/],
  ])("that %s ends the process, with why", async (_, change, args, words) => {
    const redis = await server();
    await stateOn(redis, {});
    await change(redis);
    const said = refused(await hopwiseProcess([...REVOKE, ...redis.store, ...args], { folder: project() }));
    expect(said).toMatch(words);
    expect(said).not.toContain("hunter2");
  });

  it("is used with the password of the environment, which stands nowhere else", async () => {
    const redis = await server();
    const state = await stateOn(redis, {});
    await redis.ask("ACL", "SETUSER", "ann", "on", "~*", "&*", "+@all", ">p@ss:w/rd%");
    await redis.ask("CONFIG", "SET", "requirepass", "hunter2");
    const secret = "HOPWISE_REDIS_PASSWORD";
    const [bare, ann] = [redis.store[1] as string, `redis://ann@127.0.0.1:${redis.port}`];
    const run = (address: string, env: NodeJS.ProcessEnv) =>
      hopwise([...REVOKE, "--state", address], { folder: project(), env });
    expect(await run(bare, { [secret]: "hunter2" })).toMatchObject({ code: 0 });
    expect(await run(ann, { [secret]: "p@ss:w/rd%" })).toMatchObject({ code: 0 });
    const typed = await run(`redis://:hunter2@127.0.0.1:${redis.port}`, {});
    expect([typed.code, typed.err]).toEqual([0, expect.stringContaining(`give it by ${secret}`)]);
    expect(typed.err).not.toContain("hunter2");
    expect(await state.revocations.list()).toHaveLength(3);
    expect(refused(await run(bare, { [secret]: "wrong" }))).toMatch(/refuses the login/);
    expect(refused(await run(bare, { [secret]: "" }))).toContain(`${secret} is empty`);
    const both = refused(await run(`redis://:hunter2@127.0.0.1:${redis.port}`, { [secret]: "hunter2" }));
    expect([both.includes("leave out that of --state"), both.includes("hunter2")]).toEqual([true, false]);
  });

  it("is used at a unix socket, by a user of its own and in a database of its own", async () => {
    const redis = await server("--unixsocket", "redis.sock");
    const path = join(redis.folder, "redis.sock");
    await redis.ask("ACL", "SETUSER", "ann", "on", "~*", "&*", "+@all", ">p@ss:w/rd%");
    const open = async (options: object): Promise<SharedState> => {
      const client = newClient({ ...patientOptions(), ...options, socket: { ...patientOptions().socket, path } });
      client.on("error", () => {});
      ends.push(() => client.destroy());
      return held(redisState({ client, deadlineMs: 2000 }));
    };
    const folder = project();
    await expectRevoked(await open({}), folder, "--state", `redis+unix:${path}`);
    await expectRevoked(await open({}), folder, "--state", `redis+unix://${path}`);
    const second = await open({ database: 2 });
    const env = { HOPWISE_REDIS_PASSWORD: "p@ss:w/rd%" };
    const ann = [...REVOKE, "--state", `redis+unix://ann@${path}?db=2`];
    expect(await hopwise(ann, { folder, env })).toMatchObject({ code: 0 });
    expect(await second.revocations.list()).toMatchObject([{ target: { agent: "planner" } }]);
    expect(refused(await hopwise(ann, { folder, env: { HOPWISE_REDIS_PASSWORD: "wrong" } }))).toMatch(
      /refuses the login/,
    );
    const typed = await hopwise([...LIST, "--state", `redis+unix://ann:p%40ss%3Aw%2Frd%25@${path}?db=2`], { folder });
    expect([typed.code, typed.err]).toEqual([0, expect.stringContaining("give it by HOPWISE_REDIS_PASSWORD")]);
    await redis.kill();
    expect(refused(await hopwiseProcess(ann, { folder, env }))).toContain(`Redis at ${path} cannot be reached`);
  });

  it("that is another kind of server ends the process", async () => {
    const other = createServer((socket) => void socket.on("error", () => {}).end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await new Promise<void>((listening) => other.listen(0, "127.0.0.1", listening));
    ends.push(() => other.close());
    const { port } = other.address() as { readonly port: number };
    const store = ["--state", `redis://ann:hunter2@127.0.0.1:${port}`];
    const said = refused(await hopwiseProcess([...REVOKE, ...store], { folder: project() }));
    expect(said).toMatch(/config_invalid: redisState: Redis at .* does not speak as Redis does/);
    expect(said).not.toContain("hunter2");
  });

  it.each([
    "redis://ann:hunter2@h:99999",
    "redis://ann:hunter2@h/base",
    "redis://ann:hunter%2@h",
    "redis:hunter2",
    "redis+unix:hunter2",
    "redis+unix://ann:hunter%2@/run/redis.sock",
    "redis+unix:/hunter2?db=x",
  ])("whose address is none is refused, and not quoted: %s", async (address) => {
    const said = refused(await hopwise([...REVOKE, "--state", address], { folder: project() }));
    expect(said).not.toContain("hunter");
  });
});
