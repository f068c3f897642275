import type { StatementSync } from "node:sqlite";
import { Busy, type Connection, checkVersion, readMeta } from "./connect.ts";
import {
  DAMAGED_WORDS,
  faultAtStart,
  faultOf,
  isBroken,
  isBusy,
  isDamaged,
  lockedTooLong,
  unusable,
} from "./faults.ts";
import { type HeldConnection, holdConnection } from "./held-connection.ts";
import type { Machine } from "./machine.ts";
import { type Settings, secondsOf } from "./options.ts";
import type { Meta } from "./schema.ts";
import { isBeingMade } from "./state-file.ts";
import { createWriteQueue, pause } from "./write-queue.ts";

/** Many processes may start at once, and each writes then: so long the opening waits for them at least. No call waits for it. */
const START_MS = 5000;

/** One moment of the database, in which a step is done as a whole. */
export interface Moment {
  readonly meta: Meta;
  /** The store's clock, in seconds since the epoch. */
  readonly now: number;
  sql(text: string): StatementSync;
}

/** The one way to the file. */
export interface Store {
  readonly settings: Settings;
  /** Since when nothing was lost, by the last step that answered. */
  readonly since: number;
  /** How long proofs are kept, as the file was made; undefined before the first look. */
  readonly longestWindowSeconds: number | undefined;
  /** Reads in one snapshot. */
  read<T>(work: (at: Moment) => T): Promise<T>;
  /** Writes all that the work says, or, where it throws, nothing. `onDisk`: answers once the disk has it, whatever the options say. */
  write<T>(work: (at: Moment) => T, how?: "onDisk"): Promise<T>;
  /** The same, but not at all where another process writes just now. */
  writeIfFree(work: (at: Moment) => void): void;
  /** Does what was asked for before, such as what a call gives back, and refuses what waits for another process. */
  close(): void;
}

/**
 * Opens the file.
 *
 * @throws {HopwiseError} `config_invalid` for a file that cannot be used; `state_unavailable`
 */
export async function openStore(machine: Machine, settings: Settings): Promise<Store> {
  const { file, deadlineMs, called } = settings;
  const held = holdConnection(machine, settings);
  const transact = createTransactions(held, settings);

  /** One try. @returns undefined where another process holds what is needed */
  const tried = <T>(run: () => T): { readonly answer: T } | undefined => {
    try {
      return { answer: run() };
    } catch (error) {
      if (error instanceof Busy || isBusy(error)) return undefined;
      if (isDamaged(error)) held.closeFor(error);
      else if (isBroken(error)) held.drop(transact.seen?.epoch);
      throw held.isStarted ? faultOf(error, file) : faultAtStart(error, file, called);
    }
  };
  const read = async <T>(work: (at: Moment) => T, waitMs = deadlineMs): Promise<T> => {
    const until = performance.now() + waitMs;
    for (;;) {
      const done = tried(() => transact.run("BEGIN", work));
      if (done !== undefined) return done.answer;
      if (performance.now() > until) throw lockedTooLong(file, waitMs);
      await pause();
    }
  };
  const queue = createWriteQueue({
    file,
    deadlineMs,
    transact: (work, onDisk) => tried(() => transact.run("BEGIN IMMEDIATE", work, onDisk)) !== undefined,
    inPart,
  });

  // Not a lock: no deadline of a step is for it, and it ends by itself.
  while (tried(() => isBeingMade(file))?.answer) await pause();
  try {
    await read((at) => checkWhole(at, settings), Math.max(deadlineMs, START_MS));
  } catch (error) {
    held.close();
    throw error;
  }
  held.isStarted = true;
  return {
    settings,
    get longestWindowSeconds() {
      return transact.seen?.longestWindow;
    },
    get since() {
      return transact.seen?.since ?? 0;
    },
    read: async (work) => read(work),
    write: async (work, how) => queue.add(work, how === "onDisk"),
    writeIfFree: (work) => {
      if (!queue.isWaiting) tried(() => transact.run("BEGIN IMMEDIATE", work));
    },
    close: () => {
      queue.finish();
      held.close();
    },
  };
}

/**
 * What is lost of a file may read as if nothing had been there, such as what was spent: so all of it is looked at, once.
 *
 * @throws {HopwiseError} `config_invalid`
 */
function checkWhole({ sql }: Moment, { called, file }: Settings): void {
  if (sql("PRAGMA quick_check(1)").get()?.["quick_check"] !== "ok") throw unusable(called, file, DAMAGED_WORDS);
}

interface Transactions {
  /** What the last one that was done saw of the file as a whole. */
  readonly seen: Meta | undefined;
  /** @throws {HopwiseError}, `Busy`, errors of SQLite */
  run<T>(begin: "BEGIN" | "BEGIN IMMEDIATE", work: (at: Moment) => T, onDisk?: boolean): T;
}

function createTransactions(held: HeldConnection, settings: Settings): Transactions {
  let seen: Meta | undefined;

  const done = <T>(begin: string, { sql }: Connection, work: (at: Moment) => T): readonly [T, Meta] => {
    sql(begin).run();
    try {
      checkVersion({ sql });
      const meta = readMeta({ sql });
      const answer = work({ meta, sql, now: secondsOf(settings) });
      sql("COMMIT").run();
      return [answer, meta];
    } catch (error) {
      rollBack(sql, "ROLLBACK");
      throw error;
    }
  };

  return {
    get seen() {
      return seen;
    },
    run: (begin, work, onDisk = false) => {
      const connection = held.get(seen?.since);
      held.look(connection, seen?.epoch);
      if (onDisk) connection.waitForDisk(true);
      try {
        const [answer, meta] = done(begin, connection, work);
        // What went into a file that is gone was kept nowhere.
        if (begin === "BEGIN IMMEDIATE") held.look(connection, meta.epoch);
        seen = meta;
        return answer;
      } finally {
        if (onDisk) connection.waitForDisk(false);
      }
    },
  };
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
