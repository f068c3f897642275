import { flag, maybe, type Rows, setOrLeftOut, such, text, whole } from "@hopwise/core/options";
import { isCluster, isSentinel, isSingle, type RedisClient } from "./client.ts";

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
   * The longest `limits.proofWindowSeconds` + `limits.skewSeconds` of all authorizers that share the store: for so long, and a minute more,
   * each proof is remembered. It is kept in the store, and all instances must say the same.
   *
   * @defaultValue 60
   */
  readonly longestWindowSeconds?: number;
  /**
   * Opens only what an instance has opened before, for programs beside the servers: a wrong prefix or address makes nothing, and
   * a server that cannot be reached is an error, too. Where `longestWindowSeconds` is left out, the store's own holds.
   *
   * @defaultValue false
   */
  readonly mustExist?: boolean;
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

export const A_CLIENT = "a client of @redis/client, which createClient, createCluster or createSentinel gave";

export const REDIS_ROWS: Rows<RedisOptions> = {
  client: such(A_CLIENT, isClient),
  prefix: setOrLeftOut(
    text("letters, digits, and . _ : - up to 64 of them", (prefix) => /^[\w.:-]{1,64}$/.test(prefix)),
  ),
  deadlineMs: maybe(whole({ min: 1, max: 60_000, example: 250 })),
  longestWindowSeconds: maybe(whole({ min: 1, max: 7200, example: 60 })),
  mustExist: maybe(flag()),
  maxProofsOfUser: maybe(whole({ min: 1, max: 10_000_000, example: 250_000 })),
  maxProofsOfRoot: maybe(whole({ min: 1, max: 10_000_000, example: 100_000 })),
  durable: maybe(flag()),
  failOverMs: maybe(whole({ min: 1, max: 3_600_000, example: 5000 })),
};

function isClient(value: unknown): boolean {
  return typeof value === "object" && value !== null && (isCluster(value) || isSentinel(value) || isSingle(value));
}

/** The options, whole. */
export interface Settings extends Omit<Required<RedisOptions>, "failOverMs" | "longestWindowSeconds"> {
  readonly failOverMs: number | undefined;
  /** Undefined is whatever the store has. */
  readonly longestWindowSeconds: number | undefined;
}

export function settingsOf(options: RedisOptions): Settings {
  const { mustExist = false } = options;
  return {
    client: options.client,
    prefix: options.prefix ?? "hopwise",
    deadlineMs: options.deadlineMs ?? 250,
    longestWindowSeconds: options.longestWindowSeconds ?? (mustExist ? undefined : 60),
    mustExist,
    maxProofsOfUser: options.maxProofsOfUser ?? 250_000,
    maxProofsOfRoot: options.maxProofsOfRoot ?? 100_000,
    durable: options.durable ?? false,
    failOverMs: options.failOverMs,
  };
}
