import type { StateDriver } from "@hopwise/core/state";
import * as redis from "@hopwise/redis";
import { afterAll, describe } from "vitest";
import { quickClient } from "../support/redis-client.ts";
import { driverRows } from "./driver-rows.ts";
import { type ArgumentRows, argumentRow, walkRows } from "./odd.ts";

const driver = await redis.openRedis({ client: quickClient() });
afterAll(() => driver.close());

const doors: ArgumentRows<typeof redis> = {
  clientOptions: "takes nothing",
  openRedis: argumentRow(
    async (options: redis.RedisOptions) => void (await (await redis.openRedis(options)).close()),
    () => [{ client: quickClient() }],
  ),
  redisState: argumentRow(
    async (options: redis.RedisStateOptions) => void (await (await redis.redisState(options)).close()),
    () => [{ client: quickClient() }],
  ),
};
const drivers: ArgumentRows<StateDriver> = { health: "takes nothing", close: "takes nothing" };

describe("@hopwise/redis", () => {
  walkRows(doors);
  walkRows(drivers);
});
describe.each(Object.entries(driverRows(driver, [5])))("a driver on Redis: %s", (_, rows) =>
  walkRows(rows as ArgumentRows<object>),
);
