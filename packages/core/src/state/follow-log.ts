import { HopwiseError } from "../errors.ts";
import { type Awaitable, ageBy, andThen, createListeners, isThenable } from "../lib/index.ts";
import { secondsBy } from "../options/index.ts";
import { copyLog, keptOf, type LogCopy } from "./copy-log.ts";
import type { RevocationEntry } from "./revocation-entry.ts";
import type { RevocationIndex } from "./revocation-index.ts";
import type { LogPage, RevocationLog } from "./revocation-log.ts";

/** How a copy of the log is kept. */
export interface Following {
  /** The clock, in milliseconds since the epoch. */
  readonly clock: () => number;
  /** For how long a log that was made anew is closed, so that every living process can give it back what it lost. */
  readonly repairSeconds: number;
  /** How old the copy may be, where not every call compares heads; undefined where each does. */
  readonly maxStalenessSeconds?: number | undefined;
}

/** A copy of the log, whole. */
export interface FollowedLog {
  /**
   * The copy, once it is the newest. Answers at once where the log does.
   *
   * @param maxAgeMs how long ago it may have been the newest, where it takes a way to ask
   * @throws {HopwiseError} `state_unavailable` where it cannot be told whether it is, and while a new log is closed
   */
  newest(maxAgeMs?: number): Awaitable<RevocationIndex>;
  /**
   * The copy as the log is now, however old it may be for calls: for whoever goes by it in what they write. What was lifted a
   * moment ago is not known any more.
   *
   * @throws {HopwiseError} as `newest`
   */
  current(): Awaitable<RevocationIndex>;
  append(entry: RevocationEntry): Awaitable<void>;
  /** A page of the log, for who follows it from elsewhere. @throws {HopwiseError} `state_unavailable`, also while it is closed */
  page(after: string | undefined): Awaitable<LogPage>;
  /** Compares heads, also where no call does. */
  compare(): Awaitable<void>;
  onChange(listener: () => void): () => void;
}

/** So often something is appended that the log loses at once. */
const MOST_TRIES = 3;

const UNKNOWN = (): number => Number.POSITIVE_INFINITY;

/**
 * Follows a log: at each call only its head is asked for, and what the copy lacks.
 *
 * @param log answers in time: all callers wait for what is under way
 */
export function followLog(log: RevocationLog, { clock, repairSeconds, maxStalenessSeconds }: Following): FollowedLog {
  let isRead = false;
  let closedUntil = 0;
  /** How long ago it was asked whether the copy is the newest, and it was. */
  let ageMs = UNKNOWN;
  const listeners = createListeners();

  const copy = copyLog(log, clock, (page) => {
    closedUntil = performance.now() + Math.max(0, repairSeconds - page.ageSeconds) * 1000;
    if (isRead || page.entries.length > 0) listeners.tell();
    isRead = true;
  });

  const compare = (): Awaitable<void> => {
    const head = log.head();
    // Asked at each call: clocks that nobody looks at are not read.
    const askedMs = maxStalenessSeconds !== undefined || isThenable(head) ? ageBy(clock) : UNKNOWN;
    const isEqual = (): void => {
      ageMs = askedMs;
    };
    return andThen(head, (newest) => (newest === copy.head ? isEqual() : andThen(copy.catchUp(), isEqual)));
  };

  const open = (): RevocationIndex => {
    if (closedUntil === 0) return copy.index;
    const closedFor = closedUntil - performance.now();
    if (closedFor <= 0) {
      closedUntil = 0;
      return copy.index;
    }
    const seconds = Math.ceil(closedFor / 1000);
    throw new HopwiseError(
      "state_unavailable",
      `the store of revocations is new, or lost what it knew; it opens in ${seconds} s, once every living process could give back what it lost`,
    );
  };

  const current = (): Awaitable<RevocationIndex> => andThen(compare(), open);

  return {
    newest: (maxAgeMs = 0) => {
      const mostMs = Math.max(maxAgeMs, (maxStalenessSeconds ?? 0) * 1000);
      return mostMs > 0 && ageMs() <= mostMs ? open() : current();
    },
    current,
    append: (entry) => appendAndRead(log, copy, clock, entry),
    page: (after) => andThen(current(), () => log.read(after)),
    compare,
    onChange: listeners.add,
  };
}

/**
 * What the log lost before any copy had read it, nobody could give back: so it is not acknowledged before this one has. What has
 * ended already may be forgotten.
 */
function appendAndRead(
  log: RevocationLog,
  copy: LogCopy,
  clock: () => number,
  entry: RevocationEntry,
  tries = MOST_TRIES,
): Awaitable<void> {
  return andThen(andThen(log.append(keptOf(entry)), copy.catchUp), () => {
    const { id, untilSeconds = Number.POSITIVE_INFINITY } = entry;
    if (copy.index.has(id) || untilSeconds <= secondsBy(clock)) return undefined;
    if (tries > 1) return appendAndRead(log, copy, clock, entry, tries - 1);
    throw new HopwiseError(
      "state_unavailable",
      "the store of revocations took this, and lost it again before it was read; see what takes entries out of it, and try again",
    );
  });
}
