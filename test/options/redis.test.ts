import * as redis from "@hopwise/redis";
import { createClient } from "@redis/client";
import { describe } from "vitest";
import { quickClient } from "../support/redis-client.ts";
import { type DoorRows, NO_COUNT, NO_FLAG, NO_METHODS, NO_NUMBER, NO_TEXT, optionsRow, type Row, walk } from "./row.ts";

const client = quickClient();
const NO_SHARE = [...NO_COUNT, 0];
const NO_PREFIX = [...NO_TEXT, "a b", "{a}", "a".repeat(65), "é"];
/** A wrapper round a client: it would fail only once its connection does, or once the store is closed. */
const WITHOUT = ["on", "off", "listenerCount", "connect", "sendCommand", "duplicate", "destroy"].map((method) => ({
  ...client,
  [method]: undefined,
}));
const UNREADABLE = Object.defineProperty({}, "socket", {
  get: () => {
    throw new Error("not now");
  },
});
const NO_OPTIONS = [{}, null, 5, { ...redis.clientOptions(), socket: null }, UNREADABLE].map((options) => ({
  ...client,
  options,
}));
const NO_CLIENT = [...NO_METHODS, redis.clientOptions(), createClient(), ...WITHOUT, ...NO_OPTIONS];

const wrong: { readonly [Name in keyof Required<redis.RedisOptions>]: readonly unknown[] } = {
  client: NO_CLIENT,
  prefix: NO_PREFIX,
  deadlineMs: [...NO_COUNT, 0, 60_001],
  longestWindowSeconds: [...NO_COUNT, 0, 7201],
  mustExist: NO_FLAG,
  maxProofsOfUser: NO_SHARE,
  maxProofsOfRoot: NO_SHARE,
  durable: NO_FLAG,
  failOverMs: [...NO_COUNT, 0],
};

const doors: DoorRows<typeof redis> = {
  clientOptions: "takes nothing",
  openRedis: optionsRow<redis.RedisOptions>({ client }, wrong, async (options) => {
    await (await redis.openRedis(options)).close();
  }),
  redisState: optionsRow<redis.RedisStateOptions>(
    { client },
    { ...wrong, maxStalenessSeconds: [...NO_NUMBER, 0], repairSeconds: NO_NUMBER },
    async (options) => {
      await (await redis.redisState(options)).close();
    },
  ),
};

describe.each(Object.entries<Row | string>(doors).filter(([, row]) => typeof row !== "string"))("%s", (name, row) => {
  walk(name, row as Row);
});
