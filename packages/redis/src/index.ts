/**
 * What must be remembered, on Redis: proofs seen, revocations, budgets and approvals of all instances together.
 *
 * @packageDocumentation
 */

export type { ConnectionOptions, RedisClient } from "./client.ts";
export { type ClientOptions, clientOptions } from "./client-options.ts";
export { openRedis } from "./open-redis.ts";
export type { RedisOptions } from "./options.ts";
export { type RedisStateOptions, redisState } from "./redis-state.ts";
