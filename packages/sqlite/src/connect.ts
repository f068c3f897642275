import { createHash, randomUUID } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { BEGIN_ANEW, unavailable, unusable } from "./faults.ts";
import type { Machine } from "./machine.ts";
import { type Settings, secondsOf } from "./options.ts";
import { APPLICATION_ID, type Meta, NAMES, SCHEMA_VERSION, TABLES } from "./schema.ts";
import { type FileIdentity, makeOrCheck, type Watch, watchFile } from "./state-file.ts";

/** An open database of ours. */
export interface Connection {
  readonly watch: Watch;
  /** Prepared once. */
  sql(text: string): StatementSync;
  /** Until the next call of it, each commit waits for the disk, or each does what the options say. */
  waitForDisk(always: boolean): void;
  close(): void;
}

/** What this process knows of the state, where it had it open before. */
export interface Known {
  /** The epoch, where the files beside the database were taken away under it. */
  readonly lostEpoch?: string | undefined;
  /** Since when nothing was lost of the file that it used last. */
  readonly since?: number | undefined;
}

/** Thrown while another process holds what is needed: to be tried again. */
export class Busy extends Error {}

/** The hash over a log without entries. */
export const NO_ENTRIES: string = createHash("sha256").digest("base64url");

/**
 * Opens the file, which is made where it is missing, and looks whether it still is what it was.
 *
 * @throws {HopwiseError} `config_invalid` for a file that cannot be used; {@link Busy}; errors of SQLite
 */
export function connect(machine: Machine, settings: Settings, known: Known = {}): Connection {
  const { file, synchronous } = settings;
  if (!makeOrCheck(machine, settings)) throw new Busy();
  const db = new machine.sqlite.DatabaseSync(file, { timeout: 0, enableForeignKeyConstraints: false });
  let isOpen = true;
  const statements = new Map<string, StatementSync>();
  const sql = (text: string): StatementSync => {
    const known = statements.get(text);
    if (known !== undefined) return known;
    const made = db.prepare(text);
    statements.set(text, made);
    return made;
  };
  const waitForDisk = (always: boolean): void => {
    if (synchronous !== "full" && isOpen) db.exec(`PRAGMA synchronous = ${always ? "FULL" : "NORMAL"}`);
  };
  try {
    whatItIs(db, settings);
    // What many steps together may have to take back would else go to a file of its own, for which a container may have no room.
    db.exec("PRAGMA temp_store = MEMORY");
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864");
    inTransaction(db, () => prepareTables(db, settings));
    const watch = watchFile(file);
    inTransaction(db, () => adopt(sql, { machine, settings, found: watch.identity, known }));
    waitForDisk(false);
    watch.look();
    const close = (): void => {
      isOpen = false;
      db.close();
    };
    return { watch, sql, waitForDisk, close };
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * What the file's own header says it is. Whatever is not ours, or is of another version, is left alone, to the byte; but of a file
 * whose program was killed, SQLite first brings in what stands beside it, as for everybody who opens it.
 *
 * @throws {HopwiseError} `config_invalid`
 */
function whatItIs(db: DatabaseSync, { file, called, mustExist }: Settings): "empty" | "ours" {
  // One statement sees one moment: whoever makes the file just now adds all three in one step.
  const { tables, of, version } = db
    .prepare(
      "SELECT (SELECT count(*) FROM sqlite_schema) AS tables, application_id AS of, user_version AS version FROM pragma_application_id, pragma_user_version",
    )
    .get() as { readonly [name in "tables" | "of" | "version"]: number };
  if (tables === 0 && of === 0 && version === 0) {
    if (mustExist) throw unusable(called, file, "holds no state: no process keeps one in it");
    return "empty";
  }
  if (of !== APPLICATION_ID) throw unusable(called, file, "is a database of something else; give another one");
  if (version !== SCHEMA_VERSION) throw unusable(called, file, otherVersion(version));
  return "ours";
}

function inTransaction(db: DatabaseSync, work: () => void): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    work();
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** Of several processes that start at once, the first makes the tables. */
function prepareTables(db: DatabaseSync, settings: Settings): void {
  const { called, file, longestWindowSeconds } = settings;
  if (whatItIs(db, settings) === "empty" && longestWindowSeconds !== undefined) {
    db.exec(TABLES);
    const now = secondsOf(settings);
    db.prepare(
      "INSERT INTO meta (one, epoch, epochSince, since, n, hash, inode, born, longestWindow) VALUES (1, ?, ?, ?, 0, ?, '', '', ?)",
    ).run(randomUUID(), now, now, NO_ENTRIES, longestWindowSeconds);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
    return;
  }
  const lacking = whatIsLacking((text) => db.prepare(text));
  if (lacking !== undefined) throw unusable(called, file, lacking);
  const { longestWindow } = db.prepare("SELECT longestWindow FROM meta").get() as unknown as Meta;
  if (longestWindowSeconds !== undefined && longestWindow !== longestWindowSeconds) {
    const made = `was made with longestWindowSeconds: ${longestWindow}, and shorter memories cannot be made longer`;
    throw unusable(called, file, `${made}; give that, or another file`);
  }
}

/** What to say of a file in which something of ours is not there any more. */
export function whatIsLacking(sql: Connection["sql"]): string | undefined {
  const there = sql("SELECT name FROM sqlite_schema").all();
  const lacking = NAMES.find((name) => !there.some((found) => found["name"] === name));
  if (lacking !== undefined) return `lacks "${lacking}", which every state has; ${BEGIN_ANEW}`;
  return sql("SELECT 1 FROM meta").get() === undefined ? NO_ROW : undefined;
}

const NO_ROW = `lacks its own row; ${BEGIN_ANEW}`;

interface Adopting {
  readonly machine: Machine;
  readonly settings: Settings;
  readonly found: FileIdentity;
  readonly known: Known;
}

/**
 * A copy has lost what came after it was made; so may have a machine that stopped before all was on the disk. A file that began before
 * the one that was used last lay elsewhere meanwhile, as where its disk was not mounted: it lacks what came into the one in its place.
 */
function adopt(sql: Connection["sql"], { machine: { boot }, settings, found, known }: Adopting): void {
  const meta = sql("SELECT * FROM meta").get() as unknown as Meta;
  const now = secondsOf(settings);
  const isNew = meta.inode === "";
  const isCopy =
    !isNew && (meta.inode !== found.inode || (meta.born !== "" && found.born !== "" && meta.born !== found.born));
  const wasAway = known.since !== undefined && meta.since < known.since;
  if (isCopy || wasAway || meta.epoch === known.lostEpoch) {
    sql("UPDATE meta SET epoch = ?, epochSince = ?, since = ?").run(randomUUID(), now, now);
  }
  const { relaxed } = meta;
  const ownStart = settings.synchronous === "full" ? null : (boot ?? randomUUID());
  if (relaxed !== null && relaxed !== boot) sql("UPDATE meta SET since = ?, relaxed = ?").run(now, ownStart);
  else if (ownStart !== null) sql("UPDATE meta SET relaxed = ?").run(ownStart);
  sql("UPDATE meta SET inode = ?, born = ?").run(found.inode, found.born || meta.born);
}

/**
 * A newer program may have made other tables of a file that is open here: steps would go on by what these were. So each transaction
 * looks at this before it reads anything.
 *
 * @throws {HopwiseError} `state_unavailable`
 */
export function checkVersion({ sql }: Pick<Connection, "sql">): void {
  const version = Number(sql("PRAGMA user_version").get()?.["user_version"]);
  if (version !== SCHEMA_VERSION) throw unavailable(`the state ${otherVersion(version)}`);
}

/** @throws {HopwiseError} `state_unavailable` where the row is gone */
export function readMeta({ sql }: Pick<Connection, "sql">): Meta {
  const meta = sql("SELECT * FROM meta").get();
  if (meta === undefined) throw unavailable(`the state ${NO_ROW}`);
  return meta as unknown as Meta;
}

/** Tables of another version than these. */
function otherVersion(version: number): string {
  const age = version > SCHEMA_VERSION ? "a newer" : "an older";
  return `was made by ${age} version of @hopwise/sqlite (its tables are number ${version}, and here they are number ${SCHEMA_VERSION}): start that version, or give another file`;
}
