import { setTimeout as delay } from "node:timers/promises";
import { HopwiseError } from "@hopwise/core";
import { optionsOf, reading } from "@hopwise/core/options";
import type { StateDriver } from "@hopwise/core/state";
import { appendingOf } from "./append.ts";
import { approvalsOf } from "./approvals.ts";
import { problemOfClient } from "./client-options.ts";
import { type Connected, connect } from "./connect.ts";
import { isReplica, mistakeIn, unavailable, wordsOf } from "./faults.ts";
import { healthOf, lookBriefly } from "./health.ts";
import { type Tag, tagsOf } from "./keys.ts";
import { A_CLIENT, REDIS_ROWS, type RedisOptions, type Settings, settingsOf } from "./options.ts";
import { replayOf } from "./replay.ts";
import { revocationLogOf } from "./revocation-log.ts";
import { lacksRights } from "./rights.ts";
import { faultOf } from "./run-step.ts";
import { spendingOf } from "./spending.ts";
import { stepsOf } from "./steps.ts";
import { tripsOf } from "./trips.ts";
import { type Watch, watchStore } from "./watch.ts";

const readOptions = optionsOf<RedisOptions>("openRedis", REDIS_ROWS);

/** How often all of it is looked at without a reason. */
const LOOK_MS = 30_000;
/** How often each server is: whether it is the same, and has begun to evict. What it dropped until then is good once more. */
const GLANCE_MS = 1000;

/**
 * Opens a driver of what is remembered together on Redis, 7 or newer: one server, a cluster, or behind Sentinel. Where no
 * server can be reached it opens all the same, refuses every step, and recovers by itself. {@link redisState} makes a state
 * of it, for `createAuthorizer`.
 *
 * @throws {HopwiseError} `config_invalid` for a client that would wait for ever, and for servers that may lose what they were told
 */
export async function openRedis(options: RedisOptions): Promise<StateDriver> {
  return openWith("openRedis", settingsOf(readOptions(options)));
}

/** @param called the function as its callers type it; errors begin with it */
export async function openWith(called: string, settings: Settings): Promise<StateDriver> {
  const refuse: Refuse = (problem, pointer) => {
    throw new HopwiseError("config_invalid", `${called}: ${problem}`, { ...(pointer !== undefined && { pointer }) });
  };
  const { client, deadlineMs, mustExist } = settings;
  const problem = reading(called, "client", A_CLIENT, client, problemOfClient);
  if (problem !== undefined) refuse(problem, CLIENT);
  const tags = tagsOf(settings.prefix);
  const trips = tripsOf();
  const connected = connect(client, () => void watch.look());
  const { line } = connected;
  const watch = watchStore(line, trips, tags, settings);
  const steps = stepsOf(connected, trips, watch, deadlineMs);
  const appending = appendingOf(connected, trips, steps);
  const glance = (): unknown => lookBriefly(watch, line, tags, deadlineMs);
  const timers = [setInterval(() => void watch.look(), LOOK_MS), setInterval(glance, GLANCE_MS)];
  for (const timer of timers) timer.unref();
  const close = (): void => {
    for (const timer of timers) clearInterval(timer);
    connected.stop();
    steps.close();
    appending.close();
  };
  try {
    await firstLook(connected, watch, refuse, mustExist);
  } catch (error) {
    close();
    throw error;
  }
  return {
    name: line.name,
    replay: withEpoch(
      { connected, watch },
      replayOf(steps, tags, { ...settings, name: line.name, windowOf: windowOf(watch, settings) }),
    ),
    spending: withEpoch({ connected, watch }, spendingOf(steps, tags)),
    approvals: withEpoch({ connected, watch }, approvalsOf(steps, tags)),
    revocations: revocationLogOf(steps, tags, appending),
    health: (nowSeconds) => healthOf(connected, watch, steps, tags, { deadlineMs, nowSeconds }),
    close,
  };
}

/**
 * Since when a store knows all, up to date. Where it was never reached, or not since its clock differs, it cannot tell: a proof
 * is neither good nor bad then.
 */
function withEpoch<Store extends object>(
  { connected, watch }: { readonly connected: Connected; readonly watch: Watch },
  store: Store,
): Store & { readonly notBefore: number } {
  const get = (): number => {
    if (watch.notBefore !== undefined) return watch.notBefore;
    throw watch.wrong === undefined
      ? unavailable(`${connected.line.name} has not been reached yet`)
      : faultOf(connected, watch.wrong);
  };
  return Object.defineProperty(store, "notBefore", { enumerable: true, get }) as Store & { readonly notBefore: number };
}

/** Where the mistake is an option of the client, and not a setting of its server. */
const CLIENT = "/client";

/** Where the options do not say it, the store does; nothing is claimed before it was looked at. */
function windowOf(watch: Watch, { longestWindowSeconds }: Settings): (tag: Tag) => number {
  return (tag) => longestWindowSeconds ?? watch.known(tag)?.longestWindowSeconds ?? 0;
}

type Refuse = (problem: string, pointer?: string) => never;

/** A server that is up is checked at once; one that is not, when it comes. */
const START_MS = 5000;

async function firstLook(connected: Connected, watch: Watch, refuse: Refuse, mustExist: boolean): Promise<void> {
  const { line, lastError } = connected;
  let failures: ReadonlyMap<unknown, unknown> = new Map();
  for (const end = performance.now() + START_MS; performance.now() < end; await delay(20)) {
    failures = await watch.look();
    // None of these goes by itself. Who cannot connect hears it from the client, and who was let in from the looks.
    const said = [lastError(), ...failures.values()];
    const mistake = said.map(mistakeIn).find((words) => words !== undefined);
    if (mistake !== undefined) refuse(`${line.name} ${mistake}`, CLIENT);
    if (watch.problem !== undefined) refuse(`${line.name} ${watch.problem.words}`);
    if (failures.size === 0) return;
    const lacking = said.find(lacksRights);
    if (lacking !== undefined) refuse(`${line.name} ${wordsOf(lacking)}`);
  }
  if ([lastError(), ...failures.values()].some(isReplica))
    refuse(`${line.name} is a replica: the client must be sent to the master`, CLIENT);
  // Whether it is there is not known.
  if (mustExist) for (const error of failures.values()) throw faultOf(connected, error);
}
