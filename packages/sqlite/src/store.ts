import type { StatementSync } from "node:sqlite";
import { HopwiseError } from "@hopwise/core";
import { Busy, type Connection, connect, readMeta } from "./connect.ts";
import { faultOf, isBroken, isBusy, unavailable } from "./faults.ts";
import type { Machine } from "./machine.ts";
import type { Settings } from "./options.ts";
import type { Meta } from "./schema.ts";

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

/** A step is tried again after so many milliseconds, at random: processes that wait for each other must not meet again. */
const AGAIN_MS = { least: 1, most: 8 };

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
        rollBack(sql);
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
      throw faultOf(error, file);
    }
  };
  const within = async <T>(run: () => T, until: number): Promise<T> => {
    for (;;) {
      const done = tried(run);
      if (done !== undefined) return done.answer;
      const left = until - performance.now();
      if (left <= 0)
        throw unavailable(`the state in ${file} is locked by another process for longer than ${deadlineMs} ms`);
      const pause = AGAIN_MS.least + Math.random() * (AGAIN_MS.most - AGAIN_MS.least);
      await new Promise((resolve) => setTimeout(resolve, Math.min(pause, left)));
    }
  };

  // Of many steps that wait for the lock, one asks for it.
  let waiting = 0;
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = async <T>(run: () => T): Promise<T> => {
    const until = performance.now() + deadlineMs;
    if (waiting === 0) {
      const done = tried(run);
      if (done !== undefined) return done.answer;
    }
    waiting++;
    const mine = turn.then(() => within(run, until));
    turn = mine.catch(() => {}).finally(() => waiting--);
    return mine;
  };

  await within(() => once("BEGIN", () => {}), performance.now() + deadlineMs);
  started = true;
  return {
    settings,
    get since() {
      return since;
    },
    read: async (work) => within(() => once("BEGIN", work), performance.now() + deadlineMs),
    write: async (work, how) => inTurn(() => once("BEGIN IMMEDIATE", work, how === "onDisk")),
    writeIfFree: (work) => {
      if (waiting === 0) tried(() => once("BEGIN IMMEDIATE", work));
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

function rollBack(sql: Connection["sql"]): void {
  try {
    sql("ROLLBACK").run();
  } catch {} // it was rolled back already
}
