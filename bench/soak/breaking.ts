/** What breaks in the soak: the decision point, Redis and half of the processes are killed, Redis is stopped and goes on. */
import { setTimeout as delay } from "node:timers/promises";
import type { Pdp } from "@hopwise/cerbos";
import type { RedisServer } from "../../test/redis/redis-server.ts";
import { killPdp } from "../kill-pdp.ts";
import { replayNewest, type Soak } from "./calls.ts";
import { lastingOf } from "./memory.ts";
import { probeRevoked } from "./revoking.ts";
import { oneOf, probeSpent } from "./spending.ts";

export interface Faults {
  pdpKilled: number;
  redisKilled: number;
  redisStopped: number;
  processesKilled: number;
  /** Calls that a process had not answered when it was killed. */
  callsCutOff: number;
}

export interface Broken {
  readonly pdp: Pdp;
  readonly redis: RedisServer;
  readonly faults: Faults;
  /** Whether Redis keeps everything. Else what only the dead knew, nobody knows. */
  readonly durable: boolean;
}

const between = (least: number, most: number): Promise<void> => delay(least + Math.random() * (most - least));

export async function killingPdp(soak: Soak, { pdp, faults }: Broken): Promise<void> {
  while (soak.goesOn()) {
    await between(3000, 8000);
    if (killPdp(pdp)) faults.pdpKilled++;
    await goingOn(soak);
  }
}

/**
 * Redis and processes. Where Redis keeps everything they die whenever it comes. Where it does not, one after the other: a
 * revocation lives on in each process that has read it, which is each that compared once; one that a process wrote
 * down in a Redis that dies with it is gone.
 */
export async function killingOthers(soak: Soak, broken: Broken): Promise<void> {
  const steps = [killRedis, killProcess, stopRedis, killProcess];
  if (broken.durable) {
    await Promise.all([inTurns(soak, broken, [killRedis, stopRedis]), inTurns(soak, broken, [killProcess])]);
  } else await inTurns(soak, broken, steps);
}

type Step = (soak: Soak, broken: Broken) => Promise<void>;

async function inTurns(soak: Soak, broken: Broken, steps: readonly Step[]): Promise<void> {
  // First there must be something to forget.
  while (soak.goesOn() && soak.revoked.length < 5) await delay(50);
  for (let i = 0; soak.goesOn(); i++) {
    await between(1500, 3500);
    await (steps[i % steps.length] as Step)(soak, broken);
    await goingOn(soak);
    await Promise.all([replayNewest(soak), probeRevoked(soak), probeSpent(soak)]);
  }
}

const ENOUGH = 20;
const ENOUGH_MS = 20_000;
const STUCK_MS = 60_000;

/** Waits until calls are allowed again, all by themselves: else a slow machine would see nothing but outages. */
async function goingOn({ referee, goesOn }: Soak): Promise<void> {
  const from = performance.now();
  const allowed = (): number => referee.answers.get("allowed") ?? 0;
  const before = allowed();
  while (goesOn() && allowed() < before + ENOUGH) {
    await delay(50);
    const forMs = performance.now() - from;
    if (allowed() > before && forMs > ENOUGH_MS) return;
    if (forMs > STUCK_MS) return referee.raw(`no call was allowed for ${STUCK_MS} ms after something broke`);
  }
}

const killRedis: Step = async (soak, { redis, faults }) => {
  await redis.kill();
  faults.redisKilled++;
  await between(0, 800);
  await redis.restart();
  await replayNewest(soak);
};

const stopRedis: Step = async (_, { redis, faults }) => {
  redis.signal("SIGSTOP");
  faults.redisStopped++;
  await between(200, 1500);
  redis.signal("SIGCONT");
};

/** One of half of them: the others live through, so that their memory can be looked at. */
const killProcess: Step = async (soak, { faults }) => {
  const lasting = lastingOf(soak.fleet);
  const mortal = oneOf(soak.fleet.all.filter((one) => !lasting.includes(one)));
  // Its callers are many: it is mostly in the middle of something.
  for (let i = 0; i < 200 && mortal.underWay === 0; i++) await delay(5);
  faults.callsCutOff += mortal.kill();
  faults.processesKilled++;
  await between(0, 500);
  await mortal.start();
  await replayNewest(soak);
};
