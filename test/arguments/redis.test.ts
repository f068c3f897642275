import type { StateDriver } from "@hopwise/core/state";
import * as redis from "@hopwise/redis";
import { afterAll, describe } from "vitest";
import { quickClient } from "../support/redis-client.ts";
import { type ArgumentRows, argumentRow, OPTIONAL, OPTIONS, walkRows } from "./odd.ts";

const driver = await redis.openRedis({ client: quickClient() });
afterAll(() => driver.close());
const nowSeconds = Date.now() / 1000;
const untilSeconds = nowSeconds + 50;
const about = { id: "i", owner: "o", nowSeconds };
const charge = { account: "a", counter: "c", amount: 1, most: 2, untilSeconds };
const TEXT = ["empty text"] as const;

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
const replay: ArgumentRows<StateDriver["replay"]> = {
  claim: argumentRow(driver.replay.claim, () => ["k", untilSeconds, { nowSeconds }], TEXT, [5], [...OPTIONS]),
};
const spending: ArgumentRows<StateDriver["spending"]> = {
  reserve: argumentRow(driver.spending.reserve, () => [{ ...about, charges: [charge] }]),
  settle: argumentRow(driver.spending.settle, () => [about, "spent"]),
  spent: argumentRow(driver.spending.spent, () => ["o", [charge]], TEXT, ["empty list"]),
};
const approvals: ArgumentRows<StateDriver["approvals"]> = {
  keep: argumentRow(driver.approvals.keep, () => [{ id: "i", text: "t", untilSeconds, nowSeconds }]),
  find: argumentRow(driver.approvals.find, () => ["i"], TEXT),
  answer: argumentRow(driver.approvals.answer, () => [{ id: "i", key: "k", text: "t", nowSeconds }]),
  list: argumentRow(driver.approvals.list, () => [10], [5]),
};
const revocations: ArgumentRows<StateDriver["revocations"]> = {
  head: "takes nothing",
  read: argumentRow(driver.revocations.read, () => ["h"], [...OPTIONAL, ...TEXT, "none"]),
  append: argumentRow(driver.revocations.append, () => [{ id: "i", text: "t" }]),
};

describe("@hopwise/redis", () => {
  walkRows(doors);
  walkRows(drivers);
});
describe("its proofs", () => walkRows(replay));
describe("its spending", () => walkRows(spending));
describe("its approvals", () => walkRows(approvals));
describe("its log", () => walkRows(revocations));
