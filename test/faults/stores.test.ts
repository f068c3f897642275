/** Each way in which a store fails so that every call is denied: its health says so, in the words of the denial, and so long alone. */
import { mkdirSync, renameSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createAuthorizer, memoryAudit, memoryState } from "@hopwise/core";
import type { SharedState } from "@hopwise/core/state";
import { createCompany } from "@hopwise/core/testing";
import { prove } from "@hopwise/core/tokens";
import { redisState } from "@hopwise/redis";
import { sqliteState } from "@hopwise/sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { tagsOf } from "../../packages/redis/src/keys.ts";
import { MISSING, type RedisServer, startRedis, unlessMissing, until } from "../redis/redis-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { companyOptions } from "./company-options.ts";

/** A store that is well, and what becomes of it. */
interface Scene {
  readonly state: SharedState;
  readonly fail: () => unknown;
  readonly mend?: () => unknown;
}

interface Row {
  readonly open: () => Promise<Scene>;
  readonly says: RegExp;
}

const company = await createCompany({ agents: { planner: {} } });
const held = await company.chain("alice", "planner");
const CALL = { tool: "send_payment", arguments: { to: "ACME", amount: 9 } };

/** As many proofs of one root as fill it for all. */
const FEW = { maxProofs: 2, maxProofsOfRoot: 2, maxProofsOfUser: 2 };
const fill = async ({ replay }: SharedState): Promise<void> => {
  const end = Date.now() / 1000 + 3;
  await replay.claim("a", end);
  await Promise.resolve(replay.claim("b", end)).catch(() => {});
};

async function inMemory(fail: (state: SharedState) => unknown): Promise<Scene> {
  const state = memoryState({ since: 0, ...FEW });
  return { state, fail: () => fail(state) };
}

const MEMORY: { readonly [way: string]: Row } = {
  "was closed": { open: () => inMemory((state) => state.close()), says: /was closed/ },
  "is full of proofs": { open: () => inMemory(fill), says: /more than 2 live proofs/ },
};

/** @param more what its options are beside */
async function onFile(make: (file: string, state: SharedState) => Omit<Scene, "state">, more = {}): Promise<Scene> {
  const folder = temporaryFolder();
  const file = join(folder, "state.db");
  const state = await sqliteState({ file, deadlineMs: 300, repairSeconds: 0, ...more });
  return { state, ...make(file, state) };
}

const SQLITE: { readonly [way: string]: Row } = {
  "was closed": { open: () => onFile((_, state) => ({ fail: () => state.close() })), says: /was closed/ },
  "is locked by another process": {
    open: () =>
      onFile((file) => {
        const other = new DatabaseSync(file);
        onTestFinished(() => other.close());
        return { fail: () => other.exec("BEGIN IMMEDIATE"), mend: () => other.exec("ROLLBACK") };
      }),
    says: /locked by another process/,
  },
  "has a folder in its place": {
    open: () =>
      onFile((file) => ({
        fail: () => {
          renameSync(file, `${file}.old`);
          mkdirSync(file);
        },
        mend: () => {
          rmdirSync(file);
          renameSync(`${file}.old`, file);
        },
      })),
    says: /file/,
  },
  "is full of proofs": {
    open: () => onFile((_, state) => ({ fail: () => fill(state) }), FEW),
    says: /more than 2 live proofs/,
  },
};

async function onRedis(make: (ask: RedisServer["ask"], redis: RedisServer) => Omit<Scene, "state">): Promise<Scene> {
  const redis = await startRedis();
  onTestFinished(redis.close);
  const client = await redis.client();
  onTestFinished(() => client.destroy());
  const state = await redisState({ client, deadlineMs: 1000, repairSeconds: 0 });
  return { state, ...make(redis.ask, redis) };
}

const setting = (name: string, wrong: string, right: string): (() => Promise<Scene>) => {
  return () =>
    onRedis((ask) => ({
      fail: () => ask("CONFIG", "SET", name, wrong),
      mend: () => ask("CONFIG", "SET", name, right),
    }));
};

const REDIS: { readonly [way: string]: Row } = {
  "was closed": {
    open: async () => {
      const scene: Scene = await onRedis(() => ({ fail: () => scene.state.close() }));
      return scene;
    },
    says: /was closed/,
  },
  "is full": { open: setting("maxmemory", "1", "0"), says: /is full: raise maxmemory/ },
  "lacks replicas": { open: setting("min-replicas-to-write", "1", "0"), says: /has too few replicas/ },
  "drops what it has": {
    open: async () => {
      const scene = await onRedis((ask) => ({
        fail: async () => {
          await ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
          // Calls are denied from the next look on, and this one looks.
          await scene.state.health();
        },
        mend: () => ask("CONFIG", "SET", "maxmemory-policy", "noeviction"),
      }));
      return scene;
    },
    says: /has maxmemory-policy allkeys-lru/,
  },
  "is a replica": {
    open: () =>
      onRedis((ask) => ({
        fail: () => ask("REPLICAOF", "127.0.0.1", "1"),
        mend: () => ask("REPLICAOF", "NO", "ONE"),
      })),
    says: /replica/,
  },
  "takes a right away": {
    open: () =>
      onRedis((ask) => ({
        fail: () => ask("ACL", "SETUSER", "default", "-hincrby"),
        mend: () => ask("ACL", "SETUSER", "default", "+hincrby"),
      })),
    says: /does not give the client's user the right/,
  },
  hangs: {
    open: () => onRedis((_, redis) => ({ fail: () => redis.signal("SIGSTOP"), mend: () => redis.signal("SIGCONT") })),
    says: /did not answer in time|has not answered|lost its connection|cannot be reached/,
  },
  "is gone": {
    open: () => onRedis((_, redis) => ({ fail: () => redis.kill(), mend: () => redis.restart() })),
    says: /cannot be reached|lost its connection/,
  },
  "has what another program wrote": {
    open: () =>
      onRedis((ask) => {
        const marks = tagsOf("hopwise").marked.map(({ text }) => `${text}:mark`);
        const fail = async () => {
          await ask("DEL", ...marks);
          for (const mark of marks) await ask("LPUSH", mark, "not ours");
        };
        return { fail, mend: () => ask("DEL", ...marks) };
      }),
    says: /holds what another program wrote under this prefix/,
  },
};

const tried = (rows: { readonly [way: string]: Row }) =>
  it.each(Object.entries(rows))(
    "%s: calls are denied, health says why, and both are well again together",
    async (_, row) => {
      const { state, fail, mend } = await row.open();
      onTestFinished(() => void state.close());
      const authorizer = createAuthorizer({
        ...companyOptions(company),
        audit: memoryAudit(),
        deadlineMs: 20_000,
        state,
      });
      const call = async () => {
        const credential = await prove(held, { ...CALL, audience: company.audience });
        return authorizer.authorize({ ...CALL, credential });
      };
      await until(async () => (await state.health()).ok);
      await fail();
      for (let i = 0; i < 2; i++) {
        expect(await call()).toMatchObject({ outcome: "denied", code: "state_unavailable" });
        const health = await authorizer.health();
        expect(health.state).toEqual({ ok: false, problem: expect.stringMatching(row.says) });
      }
      if (mend === undefined) return;
      await mend();
      await until(async () => (await authorizer.health()).ok);
      await until(async () => (await call()).outcome === "allowed");
      expect((await authorizer.health()).state).toEqual({ ok: true });
    },
  );

describe("a state in memory that", () => tried(MEMORY));
describe("a state on SQLite that", () => tried(SQLITE));
describe.skipIf(MISSING !== undefined)(unlessMissing("a state on Redis that"), () => tried(REDIS));
