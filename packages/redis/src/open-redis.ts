import { setTimeout as delay } from "node:timers/promises";
import { HopwiseError } from "@hopwise/core";
import { flag, maybe, optionsOf, such, text, whole } from "@hopwise/core/options";
import type { Health, StateDriver } from "@hopwise/core/state";
import { appendingOf } from "./append.ts";
import { approvalsOf } from "./approvals.ts";
import { isCluster, isSentinel, isSingle, type RedisClient } from "./client.ts";
import { checkClientOptions } from "./client-options.ts";
import { type Connected, connect } from "./connect.ts";
import { isRefusedLogin, isReplica } from "./faults.ts";
import { tagsOf } from "./keys.ts";
import { replayOf } from "./replay.ts";
import { revocationLogOf } from "./revocation-log.ts";
import { faultOf } from "./run-step.ts";
import { spendingOf } from "./spending.ts";
import { stepsOf } from "./steps.ts";
import { tripsOf } from "./trips.ts";
import { type Watch, watchStore } from "./watch.ts";

/** Options of {@link openRedis}; `client` is required. */
export interface RedisOptions {
  /** What `createClient`, `createCluster` or `createSentinel` of `@redis/client` gave, connected or not. It stays yours to close. */
  readonly client: RedisClient;
  /**
   * All keys begin with it, in braces. Instances with the same prefix remember together.
   *
   * @defaultValue "hopwise"
   */
  readonly prefix?: string;
  /**
   * How long a step may take, in milliseconds. Shorter than the authorizer's own `deadlineMs`.
   *
   * @defaultValue 250
   */
  readonly deadlineMs?: number;
  /**
   * The longest `proofWindowSeconds` + `skewSeconds` of all authorizers that share the store: for so long, and a minute more,
   * each proof is remembered. It is kept in the store, and all instances must say the same.
   *
   * @defaultValue 60
   */
  readonly longestWindowSeconds?: number;
  /** Most proofs of one user that are remembered at once. Default 250,000. */
  readonly maxProofsOfUser?: number;
  /** The same of one root, so that no agent fills the store for all. Default 100,000. */
  readonly maxProofsOfRoot?: number;
  /**
   * Says that the server writes each step to disk before it answers (`appendonly yes`, `appendfsync always`): then a restart
   * begins no new epoch, where the server never had a replica. A fail-over always does.
   *
   * @defaultValue false
   */
  readonly durable?: boolean;
  /**
   * After how many milliseconds a replica takes over at the earliest: `down-after-milliseconds` of Sentinel. A cluster says it
   * itself (`cluster-node-timeout`); else it is required where the server has replicas.
   */
  readonly failOverMs?: number;
}

const readOptions = optionsOf<RedisOptions>("openRedis", {
  client: such("a client of @redis/client, which createClient, createCluster or createSentinel gave", isClient),
  prefix: maybe(text("letters, digits, and . _ : - up to 64 of them", (prefix) => /^[\w.:-]{1,64}$/.test(prefix))),
  deadlineMs: maybe(whole({ min: 1, max: 60_000, example: 250 })),
  longestWindowSeconds: maybe(whole({ min: 1, max: 7200, example: 60 })),
  maxProofsOfUser: maybe(whole({ min: 1, max: 10_000_000, example: 250_000 })),
  maxProofsOfRoot: maybe(whole({ min: 1, max: 10_000_000, example: 100_000 })),
  durable: maybe(flag()),
  failOverMs: maybe(whole({ min: 1, max: 3_600_000, example: 5000 })),
});

function isClient(value: unknown): boolean {
  return typeof value === "object" && value !== null && (isCluster(value) || isSentinel(value) || isSingle(value));
}

/** How often it is looked at without a reason. */
const LOOK_MS = 30_000;

/**
 * Opens what is remembered together on Redis, 7 or newer: one server, a cluster, or behind Sentinel. Where no server can be
 * reached it opens all the same, refuses every step, and recovers by itself.
 *
 * @throws {HopwiseError} `config_invalid` for a client that would wait for ever, and for servers that may lose what they were told
 */
export async function openRedis(given: RedisOptions): Promise<StateDriver> {
  const options = readOptions(given);
  const { client, prefix = "hopwise", deadlineMs = 250, durable = false, failOverMs } = options;
  const { longestWindowSeconds = 60, maxProofsOfUser = 250_000, maxProofsOfRoot = 100_000 } = options;
  checkClientOptions(client);
  const tags = tagsOf(prefix);
  const trips = tripsOf();
  const connected = connect(client, () => void watch.look());
  const { line } = connected;
  const watch = watchStore(line, trips, tags, { deadlineMs, longestWindowSeconds, durable, failOverMs });
  const steps = stepsOf(connected, trips, watch, deadlineMs);
  const appending = appendingOf(connected, trips, steps);
  const timer = setInterval(() => void watch.look(), LOOK_MS).unref();
  const close = (): void => {
    clearInterval(timer);
    connected.stop();
    steps.close();
    appending.close();
  };
  try {
    await firstLook(connected, watch);
  } catch (error) {
    close();
    throw error;
  }

  const withEpoch = <Store extends object>(store: Store): Store & { readonly notBefore: number } =>
    Object.defineProperty(store, "notBefore", {
      enumerable: true,
      // Where nothing is known yet, nothing is vouched for.
      get: () => watch.notBefore ?? Date.now() / 1000,
    }) as Store & { readonly notBefore: number };

  return {
    name: line.name,
    replay: withEpoch(
      replayOf(steps, tags, { name: line.name, longestWindowSeconds, maxProofsOfUser, maxProofsOfRoot }),
    ),
    spending: withEpoch(spendingOf(steps, tags)),
    approvals: withEpoch(approvalsOf(steps, tags)),
    revocations: revocationLogOf(steps, tags, appending),
    health: async (): Promise<Health> => {
      try {
        steps.checkOpen();
        for (const wrong of (await watch.look()).values()) throw wrong;
        return { ok: true };
      } catch (error) {
        return { ok: false, problem: faultOf(connected, error).message };
      }
    },
    close,
  };
}

/** A server that is up is checked at once; one that is not, when it comes. */
const START_MS = 2000;

async function firstLook({ line, lastError }: Connected, watch: Watch): Promise<void> {
  const wrong = (problem: string): HopwiseError =>
    new HopwiseError("config_invalid", `openRedis: ${line.name} ${problem}`, { pointer: "/client" });
  let failures: ReadonlyMap<unknown, unknown> = new Map();
  for (const end = Date.now() + START_MS; Date.now() < end; await delay(20)) {
    failures = await watch.look();
    if (watch.problem !== undefined) throw wrong(watch.problem.words);
    if (isRefusedLogin(lastError())) {
      throw wrong("refuses the login: give the client a username and password that it knows");
    }
    if (failures.size === 0) return line.checkOptions();
  }
  if ([...failures.values()].some(isReplica)) throw wrong("is a replica: the client must be sent to the master");
}
