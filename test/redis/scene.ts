/** What the tests of faults share: servers, fronts and drivers that end with their test, and what a driver must do. */
import { HopwiseError } from "@hopwise/core";
import type { Reserved, StateDriver } from "@hopwise/core/state";
import { type ClientOptions, clientOptions, openRedis, type RedisOptions } from "@hopwise/redis";
import { afterEach, expect } from "vitest";
import { newClient, patientOptions, type RedisServer, startRedis, type TestClient, until } from "./redis-server.ts";
import { startFront, type TcpFront } from "./tcp-front.ts";

/** The deadline that a driver has by default, and a client with the options that it should have: where that is what is tried. */
export const SOON: Partial<RedisOptions> = { deadlineMs: 250 };
/** Of a driver whose deadline is not what is tried, for a machine that does other work, too. */
const DEADLINE_MS = 1500;
/** Much later than any deadline, and much sooner than for ever. */
const LATEST_MS = 10_000;
export const ANN = '["https://id.example","ann"]';
export const PAID = { account: "budget", counter: "paid" };

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** Is done when the test has ended, the last first. */
export function later(close: () => unknown): void {
  open.push(close);
}

export const now = (): number => Date.now() / 1000;

export async function aServer(...args: readonly string[]): Promise<RedisServer> {
  const server = await startRedis(...args);
  later(server.close);
  return server;
}

export async function aFront(target: number): Promise<TcpFront> {
  const front = await startFront(target);
  later(front.close);
  return front;
}

/** A client that nobody waited for: where no server is, it connects later. */
export function aClient(port: number, options: ClientOptions): TestClient {
  const client = newClient({ url: `redis://127.0.0.1:${port}`, ...options });
  later(() => client.destroy());
  return client;
}

export async function aDriver(port: number, options: Partial<RedisOptions> = {}): Promise<StateDriver> {
  const client = aClient(port, options === SOON ? clientOptions() : patientOptions());
  const driver = await openRedis({ client, deadlineMs: DEADLINE_MS, ...options });
  later(() => driver.close());
  return driver;
}

export const claim = async (driver: StateDriver, key: string, madeAtSeconds = now()): Promise<boolean> =>
  driver.replay.claim(key, now() + 50, { madeAtSeconds, nowSeconds: now(), owner: ANN, root: "r" });

export const pay = async (driver: StateDriver, id: string, amount = 10): Promise<Reserved> => {
  const charges = [{ ...PAID, amount, most: 100, untilSeconds: now() + 600 }];
  return driver.spending.reserve({ id, owner: ANN, nowSeconds: now(), charges });
};

/** What a step is refused with. */
export async function refusal(step: Promise<unknown>): Promise<string> {
  const error = await step.then(
    (value) => expect.unreachable(`it answered ${JSON.stringify(value)}`),
    (error_: unknown) => error_,
  );
  expect(error).toBeInstanceOf(HopwiseError);
  expect((error as HopwiseError).code).toBe("state_unavailable");
  return (error as HopwiseError).message;
}

/** Every step of a driver. */
const steps = (driver: StateDriver): readonly Promise<unknown>[] => [
  claim(driver, "k"),
  pay(driver, "r"),
  (async () => driver.spending.settle({ id: "r", owner: ANN, nowSeconds: now() }, "spent"))(),
  (async () => driver.spending.spent(ANN, [PAID]))(),
  (async () => driver.approvals.keep({ id: "a", call: "c", text: "t", untilSeconds: now() + 50, nowSeconds: now() }))(),
  (async () => driver.approvals.find("a"))(),
  (async () => driver.revocations.head())(),
  (async () => driver.revocations.read(undefined))(),
];

export async function allRefuse(driver: StateDriver, words: RegExp): Promise<void> {
  const began = performance.now();
  for (const message of await Promise.all(steps(driver).map(refusal))) expect(message).toMatch(words);
  expect(performance.now() - began).toBeLessThan(LATEST_MS);
  expect(await driver.health()).toMatchObject({ ok: false, problem: expect.stringMatching(words) });
}

export async function recovers(driver: StateDriver): Promise<void> {
  await until(async () => (await driver.health()).ok);
  await Promise.all(steps(driver));
}

/** What is thrown where something is set up wrongly. */
export async function misfit(opening: Promise<unknown>): Promise<string> {
  const error = await opening.then(
    () => expect.unreachable("it opened"),
    (error_: unknown) => error_,
  );
  expect(error).toMatchObject({ code: "config_invalid" });
  return (error as HopwiseError).message;
}

/** What is spent, as the store has it. */
export const spent = async (driver: StateDriver): Promise<number | undefined> =>
  (await driver.spending.spent(ANN, [PAID]))[0];
