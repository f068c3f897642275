import type { Awaitable } from "../lib/index.ts";

/** One entry of the log of revocations. Its text is the core's: a store does not read it. */
export interface LogEntry {
  /** Random. An entry of an id that the log has is known, and not appended again. */
  readonly id: string;
  readonly text: string;
  /** From when on the store may forget it, in seconds since the epoch. Left out: never. */
  readonly untilSeconds?: number;
}

/** A part of the log. */
export interface LogPage {
  /** The log's epoch: another one means that it was made anew, and lost what it knew. */
  readonly epoch: string;
  /**
   * For how long this epoch has been there and nothing of it was lost, as far as the store can tell, in seconds by its own clock.
   * Where the end of a log may have been lost, as by a server that starts again, it is young once more.
   */
  readonly ageSeconds: number;
  /**
   * Whether the page goes on right where the caller's head stands. False: the log is another one, or forgot what came next.
   * Then the page is the first, of all entries that the store has.
   */
  readonly continues: boolean;
  /** In the order in which they were appended; at most 1,000. */
  readonly entries: readonly LogEntry[];
  /** The head after the last entry of the page: where the next page begins. */
  readonly head: string;
  /** Whether it is the newest. */
  readonly complete: boolean;
}

/**
 * An append-only log, of which every process holds a copy. Its head is a text that is different after each entry, in
 * each epoch, and whenever its end may have been lost; also two logs of the same length that differ in an entry have different heads (a hash over epoch and
 * entries). So to know whether a copy is whole it is enough to compare heads.
 */
export interface RevocationLog {
  /** The newest head. Cheap: it is asked for at each call. */
  head(): Awaitable<string>;
  /** What follows a head that this log gave; all of it for undefined. */
  read(after: string | undefined): Awaitable<LogPage>;
  /** Resolves once it is kept, and stands on a replica where the store has one. */
  append(entry: LogEntry): Awaitable<void>;
}
