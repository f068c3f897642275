import type { StatementSync } from "node:sqlite";
import { HopwiseError } from "@hopwise/core";
import { Busy, type Connection, connect, readMeta } from "./connect.ts";
import { faultAtStart, faultOf, isBroken, isBusy, lockedTooLong, unavailable } from "./faults.ts";
import type { Machine } from "./machine.ts";
import type { Settings } from "./options.ts";
import type { Meta } from "./schema.ts";
import { createWriteQueue, pauseMs } from "./write-queue.ts";

/** One moment of the database, in which a step is done as a whole. */
export interface Moment {
  readonly meta: Meta;
  /** The store's clock, in seconds since the epoch. */
  readonly now: number;
  sql(text: string): StatementSync;
}

export interface Store {
  readonly settings: Settings;
  /** Since when nothing was lost, by the last step that answered. */
  readonly since: number;
  /** Reads in one snapshot. */
  read<T>(work: (at: Moment) => T): Promise<T>;
  /** Writes all that the work says, or, where it throws, nothing. `onDisk`: answers once the disk has it, whatever the options say. */
  write<T>(work: (at: Moment) => T, how?: "onDisk"): Promise<T>;
  /** The same, but not at all where another process writes just now. */
  writeIfFree(work: (at: Moment) => void): void;
  close(): void;
}

/**
 * Opens the file, and again where it was taken away.
 *
 * @throws {HopwiseError} `config_invalid` for a file that cannot be used; `state_unavailable`
 */
export async function openStore(machine: Machine, settings: Settings): Promise<Store> {
  const { file, deadlineMs, clock } = settings;
  let connection: Connection | undefined;
  let closed = false;
  let started = false;
  let since = 0;
  /** The epoch of a file that was taken away while it was open. */
  let lost: string | undefined;
  let epoch: string | undefined;

  const connected = (): Connection => {
    if (closed) throw unavailable(`the state in ${file} was closed`);
    if (connection !== undefined) return connection;
    try {
      connection = connect(machine, settings, lost);
    } catch (error) {
      // What is wrong with a set-up is an outage, where it was right before.
      if (started && error instanceof HopwiseError) throw unavailable(error.message, error);
      throw error;
    }
    lost = undefined;
    return connection;
  };
  const drop = (): void => {
    const dropped = connection;
    connection = undefined;
    try {
      dropped?.close();
    } catch {}
  };

  /** One try. @throws {Busy}, {@link HopwiseError}, errors of SQLite */
  const once = <T>(begin: "BEGIN" | "BEGIN IMMEDIATE", work: (at: Moment) => T, onDisk = false): T => {
    const { sql, watch, waitForDisk } = connected();
    look(watch.look);
    if (onDisk) waitForDisk(true);
    try {
      sql(begin).run();
      let answer: T;
      let meta: Meta;
      try {
        meta = readMeta({ sql });
        answer = work({ meta, sql, now: secondsOf(clock) });
        sql("COMMIT").run();
      } catch (error) {
        rollBack(sql, "ROLLBACK");
        throw error;
      }
      // What went into a file that is gone was kept nowhere.
      if (begin === "BEGIN IMMEDIATE") look(watch.look);
      ({ since, epoch } = meta);
      return answer;
    } finally {
      if (onDisk) waitForDisk(false);
    }
  };
  const look = (at: () => void): void => {
    try {
      at();
    } catch (error) {
      lost = epoch;
      drop();
      throw error;
    }
  };

  const tried = <T>(run: () => T): { readonly answer: T } | undefined => {
    try {
      return { answer: run() };
    } catch (error) {
      if (error instanceof Busy || isBusy(error)) return undefined;
      if (isBroken(error)) drop();
      throw started ? faultOf(error, file) : faultAtStart(error, file, settings.called);
    }
  };
  const within = async <T>(run: () => T): Promise<T> => {
    const until = performance.now() + deadlineMs;
    for (;;) {
      const done = tried(run);
      if (done !== undefined) return done.answer;
      if (performance.now() > until) throw lockedTooLong(file, deadlineMs);
      await new Promise((resolve) => setTimeout(resolve, pauseMs()));
    }
  };
  const queue = createWriteQueue({
    file,
    deadlineMs,
    transact: (work, onDisk) => tried(() => once("BEGIN IMMEDIATE", work, onDisk)) !== undefined,
    inPart,
  });

  await within(() => once("BEGIN", () => {}));
  started = true;
  return {
    settings,
    get since() {
      return since;
    },
    read: async (work) => within(() => once("BEGIN", work)),
    write: async (work, how) => queue.add(work, how === "onDisk"),
    writeIfFree: (work) => {
      if (!queue.isWaiting) tried(() => once("BEGIN IMMEDIATE", work));
    },
    close: () => {
      closed = true;
      drop();
    },
  };
}

function secondsOf(clock: () => number): number {
  const milliseconds = clock();
  if (Number.isFinite(milliseconds)) return milliseconds / 1000;
  throw unavailable("the clock gave no time");
}

function inPart<T>(at: Moment, work: (at: Moment) => T): T {
  const { sql } = at;
  sql("SAVEPOINT part").run();
  try {
    // What the parts before it wrote is there.
    const answer = work({ ...at, meta: readMeta(at) });
    sql("RELEASE part").run();
    return answer;
  } catch (error) {
    rollBack(sql, "ROLLBACK TO part", "RELEASE part");
    throw error;
  }
}

/** SQLite may have rolled back by itself. */
function rollBack(sql: Connection["sql"], ...statements: readonly string[]): void {
  try {
    for (const statement of statements) sql(statement).run();
  } catch {}
}
