/**
 * What must be remembered, on Redis: proofs seen, revocations, budgets and approvals of all instances together.
 *
 * @packageDocumentation
 */

export type { ConnectionOptions, RedisClient } from "./client.ts";
export { type ClientOptions, clientOptions } from "./client-options.ts";
export { openRedis, type RedisOptions } from "./open-redis.ts";
