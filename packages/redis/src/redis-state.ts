import { optionsOf } from "@hopwise/core/options";
import { openedState, type SharedState, STATE_ROWS, type StateOptions } from "@hopwise/core/state";
import { openWith } from "./open-redis.ts";
import { REDIS_ROWS, type RedisOptions, settingsOf } from "./options.ts";

/** Options of {@link redisState}; `client` is required. */
export interface RedisStateOptions extends RedisOptions, Omit<StateOptions, "clock"> {}

const { clock: _, ...HOW } = STATE_ROWS;
const readOptions = optionsOf<RedisStateOptions>("redisState", { ...REDIS_ROWS, ...HOW });

/**
 * What all instances remember together, on Redis: give it to `createAuthorizer` as `state`. Closing it leaves the client as
 * it is.
 *
 * @example
 * ```ts
 * const client = createClient({ url: "redis://127.0.0.1:6379", ...clientOptions() });
 * const state = await redisState({ client });
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for a client that would wait for ever, and for servers that may lose what they were told
 */
export async function redisState(given: RedisStateOptions): Promise<SharedState> {
  const { maxStalenessSeconds, repairSeconds, ...options } = readOptions(given);
  const driver = await openWith("redisState", settingsOf(options));
  return openedState(driver, {
    ...(maxStalenessSeconds !== undefined && { maxStalenessSeconds }),
    ...(repairSeconds !== undefined && { repairSeconds }),
  });
}
