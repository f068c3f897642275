import { faultOf } from "../errors.ts";
import { type Awaitable, andThen, defined, isKind } from "../lib/index.ts";
import { maybe, members, optionsOf, reading, readListener, SECONDS, secondsBy, text } from "../options/index.ts";
import type { FollowedLog } from "./follow-log.ts";
import type { RevocationStore, RevocationTarget } from "./revocation.ts";
import type { RevocationEntry, RevokedBy } from "./revocation-entry.ts";
import type { RevocationIndex } from "./revocation-index.ts";
import { readRevocation } from "./revocation-rules.ts";

/** How something is revoked. */
export interface RevocationHow {
  /**
   * When the entry may be forgotten, in seconds since the epoch, such as a delegation's `expiresAt`. Default: a token and a
   * user, once the longest chain that could stand on them has expired, which is a year; a key and an agent, when it is lifted.
   */
  readonly untilSeconds?: number;
  /** Who says so, for the log. Default: the operator. */
  readonly by?: RevokedBy;
  /** Why, for the log. */
  readonly reason?: string;
}

/** Revocations that every process which shares a log knows at its next call. */
export interface Revocations extends RevocationStore {
  /**
   * Effective on the next call, in every process that shares the store, also for chains that verified before. Of two
   * revocations of one target, the stricter of each bound holds, until they are lifted.
   *
   * @param how also, as a number, its `untilSeconds`
   * @throws {HopwiseError} `config_invalid` for a target that names nothing, and for a time that is past, not finite or in
   *   milliseconds; the `notBefore` of a user may be past. `state_unavailable`
   */
  revoke(target: RevocationTarget, how?: RevocationHow | number): Awaitable<void>;
  /**
   * Takes back everything that revokes just this target. The log keeps both.
   *
   * @returns how many entries it lifted; 0 where nothing was revoked, and then nothing is written
   * @throws {HopwiseError} `config_invalid`, `state_unavailable`
   */
  lift(target: RevocationTarget, how?: Pick<RevocationHow, "by" | "reason">): Awaitable<number>;
  /** What is in force, oldest first; of one target, or all. @throws {HopwiseError} `config_invalid`, `state_unavailable` */
  list(target?: RevocationTarget): Awaitable<readonly RevocationEntry[]>;
  /** Told whenever something was revoked or lifted, here or in another process. @returns what ends it */
  onChange(listener: () => void): () => void;
}

const DAY_SECONDS = 86_400;
/** The longest lifetime of a root that any configuration allows, and what clocks may differ by. */
const LONGEST_SECONDS = 366 * DAY_SECONDS;

const HOW = "how it is revoked, such as { untilSeconds }";
const BY = members<{ operator: string }>({ operator: text("who revokes, such as on-call") }, "{ operator }");
const readHow = optionsOf<RevocationHow>("revoke", {
  untilSeconds: maybe(SECONDS),
  by: maybe(BY),
  reason: maybe(text("why, such as laptop stolen")),
});
const readLift = optionsOf<Pick<RevocationHow, "by" | "reason">>("lift", {
  by: maybe(BY),
  reason: maybe(text("why, such as found again")),
});

const THE_OPERATOR: RevokedBy = { operator: "operator" };

/** The log under revocations that were made here: for what takes signed requests, and gives the log to others. */
const LOGS = new WeakMap<object, FollowedLog>();

export function logUnder(revocations: unknown): FollowedLog | undefined {
  return LOGS.get(Object(revocations));
}

/** @param clock in milliseconds since the epoch */
export function revocationsOn(log: FollowedLog, clock: () => number): Revocations {
  const revocations: Revocations = {
    find: (query, maxAgeMs) => andThen(log.newest(maxAgeMs), (index) => index.find(query, secondsBy(clock))),
    revoke: (target, how = {}) => {
      // A time of another type has no names to be refused for.
      const isTime = typeof how === "number" || reading("revoke", "how", HOW, how, (it) => isKind(it, "Date"));
      const given = isTime ? { untilSeconds: how as number } : how;
      const { untilSeconds, by = THE_OPERATOR, reason } = readHow(given);
      return log.append(revoking(target, { untilSeconds, by, reason }, secondsBy(clock)));
    },
    lift: (target, how = {}) => {
      const { by = THE_OPERATOR, reason } = readLift(how);
      const now = secondsBy(clock);
      const { target: read } = readRevocation(target, undefined, now, "lift");
      return andThen(log.current(), (index) => {
        const lifted = index.inForce(now, read);
        if (lifted.length === 0) return 0;
        return andThen(log.append(lifting(read, lifted, { by, reason }, now)), () => lifted.length);
      });
    },
    list: (target) => {
      const now = secondsBy(clock);
      const only = target === undefined ? undefined : readRevocation(target, undefined, now, "list").target;
      return andThen(log.current(), (index: RevocationIndex) => index.inForce(now, only));
    },
    onChange: (listener) => log.onChange(readListener(listener)),
    health: async () => {
      try {
        await log.newest();
        return { ok: true };
      } catch (cause) {
        return { ok: false, problem: faultOf(cause, "the store of revocations") };
      }
    },
  };
  LOGS.set(revocations, log);
  return revocations;
}

type Said = { readonly by: RevokedBy; readonly reason: string | undefined };

/** The entry of a revocation. */
export function revoking(
  target: RevocationTarget,
  { untilSeconds, by, reason }: Said & { readonly untilSeconds: number | undefined },
  now: number,
): RevocationEntry {
  const read = readRevocation(target, untilSeconds, now);
  const until = read.untilSeconds ?? endOf(read.target, now);
  return {
    id: crypto.randomUUID(),
    atSeconds: now,
    target: read.target,
    by,
    ...defined({ untilSeconds: until, reason }),
  };
}

/** When nothing can stand any more on what is revoked; of a user, roots that are issued until `notBefore` stand on it. */
export function endOf(target: RevocationTarget, now: number): number | undefined {
  if ("user" in target) return Math.floor(Math.max(now, target.notBefore)) + LONGEST_SECONDS;
  return "token" in target ? Math.floor(now) + LONGEST_SECONDS : undefined;
}

/** A lift is kept as long as the last of what it lifts: a store may lose either, and get them back in any order. */
function lifting(
  target: RevocationTarget,
  lifted: readonly RevocationEntry[],
  { by, reason }: Said,
  now: number,
): RevocationEntry {
  const until = Math.max(...lifted.map(({ untilSeconds = Number.POSITIVE_INFINITY }) => untilSeconds));
  return {
    id: crypto.randomUUID(),
    atSeconds: now,
    target,
    lifts: lifted.map(({ id }) => id),
    by,
    ...(Number.isFinite(until) && { untilSeconds: until }),
    ...defined({ reason }),
  };
}
