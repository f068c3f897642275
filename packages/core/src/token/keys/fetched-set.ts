import { createRemoteJWKSet, customFetch, type JSONWebKeySet } from "jose";
import { HopwiseError } from "../../errors.ts";
import { ageBy } from "../../lib/index.ts";
import { createPace } from "./pace.ts";
import { setEndpoint, whyNoSet } from "./set-endpoint.ts";

export interface RemoteJwksOptions {
  readonly fetch?: typeof globalThis.fetch;
  /** How long a fetch may take. Default 5 seconds. */
  readonly timeoutMs?: number;
  /**
   * How long fetched keys are used. A withdrawn key is trusted no longer than this. They are fetched anew from half of it on,
   * by whoever asks then. Default 10 minutes.
   */
  readonly maxAgeMs?: number;
  /**
   * Least time between two fetches, also for an unknown `kid`; no longer than `maxAgeMs`, else there would be no keys between
   * two. While there are none because a fetch failed, pauses are shorter: they grow from a second to this. Default 1 minute,
   * or `maxAgeMs` where that is less.
   */
  readonly cooldownMs?: number;
}

/** A key set that is fetched now and then. */
export interface FetchedSet {
  /** Where it is, for messages. */
  readonly place: string;
  /** The last that was fetched, however old: the same object until another was. */
  jwks(): JSONWebKeySet | undefined;
  isFresh(): boolean;
  /** When it was fetched, in milliseconds since the epoch. */
  since(): number | undefined;
  /** Fetches, unless that was tried a moment ago. @returns whether there is a new one; later callers wait for the same fetch */
  refresh(): Promise<boolean>;
  /** Whether it has lived for half its time: who has the next one fetched then, and does not wait, is not late where that is slow. */
  isAging(): boolean;
  /** Fetches for the first time, for who will ask later. */
  begin(): Promise<void>;
  /** What was wrong the last time, and when it is asked again; to end a sentence. */
  later(): string;
}

/**
 * A fetch that is under way for so many of its timeouts has none any more: some platforms (workers at an edge) end with a request what it
 * began and nobody waited for, also its timers. It would stand for every later one.
 */
const MOST_TIMEOUTS = 2;

/** A set that is fetched one at a time, and as often as its pace lets it. */
export function fetchedSet(address: URL, options: RemoteJwksOptions): FetchedSet {
  const { timeoutMs = 5000, maxAgeMs = 600_000, fetch } = options;
  const { cooldownMs = Math.min(60_000, maxAgeMs) } = options;
  checkPace(cooldownMs, maxAgeMs);
  const endpoint = setEndpoint(address, timeoutMs, fetch);
  const set = createRemoteJWKSet(address, { timeoutDuration: timeoutMs, [customFetch]: endpoint.fetch });
  const pace = createPace(cooldownMs);
  let asking: Promise<boolean> | undefined;
  let problem: string | undefined;
  let since: number | undefined;
  /** By that copy's own time: the set has the next one a moment before we do. */
  let age = (): number => Number.POSITIVE_INFINITY;
  // The set gives a copy of itself each time: nobody could tell by it whether there is a new one.
  let jwks: JSONWebKeySet | undefined;
  const isFresh = (): boolean => age() < maxAgeMs;

  const ask = async (): Promise<boolean> => {
    try {
      await set.reload();
      since = Date.now();
      age = ageBy(Date.now);
      jwks = set.jwks();
      problem = undefined;
    } catch (cause) {
      problem = `${endpoint.place}: ${whyNoSet(cause)}`;
    }
    pace.ended(problem === undefined);
    asking = undefined;
    return problem === undefined;
  };

  const refresh = async (): Promise<boolean> => {
    if (asking === undefined || pace.sinceMs() > MOST_TIMEOUTS * timeoutMs) {
      if (pace.waitMs(isFresh()) > 0) return false;
      pace.began();
      asking = ask();
    }
    return asking;
  };

  return {
    place: endpoint.place,
    jwks: () => jwks,
    isFresh,
    since: () => since,
    refresh,
    isAging: () => age() > maxAgeMs / 2,
    begin: async () => {
      // Some platforms let nothing be fetched before the first request: the first call may try at once all the same.
      if (since === undefined && problem === undefined && !(await refresh())) pace.forget();
    },
    later: () => `${problem ?? endpoint.place}; it is asked again in ${Math.ceil(pace.waitMs(isFresh()) / 1000)} s`,
  };
}

function checkPace(cooldownMs: number, maxAgeMs: number): void {
  if (cooldownMs <= maxAgeMs) return;
  throw new HopwiseError(
    "config_invalid",
    `remoteJwks: cooldownMs is ${cooldownMs}, and maxAgeMs ${maxAgeMs}: keys would be too old before they may be asked for again, and chains be denied; ask more often, or use keys for longer`,
    { pointer: "/cooldownMs" },
  );
}
