/** Marks a file as one of ours: "hwst". */
export const APPLICATION_ID = 0x68777374;
/** The version of the tables below. Another one is refused, at start. */
export const SCHEMA_VERSION = 2;

/** What the driver knows of its file as a whole: one row. */
export interface Meta {
  /** The log's epoch. Made anew with the file, and where it turns out to be a copy. */
  readonly epoch: string;
  readonly epochSince: number;
  /** Since when no proof, no spending and no request was lost. */
  readonly since: number;
  /** The number of the newest entry of the log, and the hash over all up to it. */
  readonly n: number;
  readonly hash: string;
  readonly inode: string;
  readonly born: string;
  /** The machine's start in which a process wrote that did not wait for the disk. */
  readonly relaxed: string | null;
  readonly longestWindow: number;
  /** The latest of all proofs that were forgotten. */
  readonly forgottenUntil: number;
  readonly forgottenMade: number;
}

/**
 * Ends are in seconds since the epoch. Names that come from elsewhere are hashed, but for those of counters, and the ids of
 * requests and entries. Only the newest request of a call has its name. A proof takes a part of the shares of its user, its root and of all together: triggers keep the numbers
 * right, whoever deletes.
 */
export const TABLES = `
CREATE TABLE meta (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  epoch TEXT NOT NULL, epochSince REAL NOT NULL, since REAL NOT NULL,
  n INTEGER NOT NULL, hash TEXT NOT NULL,
  inode TEXT NOT NULL, born TEXT NOT NULL, relaxed TEXT,
  longestWindow INTEGER NOT NULL,
  forgottenUntil REAL NOT NULL DEFAULT 0, forgottenMade REAL NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE probe (text BLOB) STRICT;

CREATE TABLE proof (key BLOB PRIMARY KEY, ends REAL NOT NULL, made REAL NOT NULL, user BLOB, root BLOB) STRICT, WITHOUT ROWID;
CREATE INDEX proof_ends ON proof (ends);
CREATE TABLE share (sharer BLOB PRIMARY KEY, taken INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TRIGGER proof_came AFTER INSERT ON proof BEGIN
  INSERT INTO share (sharer, taken)
    SELECT column1, 1 FROM (VALUES (x''), (NEW.user), (NEW.root)) WHERE column1 IS NOT NULL
    ON CONFLICT (sharer) DO UPDATE SET taken = taken + 1;
END;
CREATE TRIGGER proof_went AFTER DELETE ON proof BEGIN
  UPDATE share SET taken = taken - 1 WHERE sharer IN (x'', OLD.user, OLD.root);
  DELETE FROM share WHERE sharer IN (OLD.user, OLD.root) AND taken <= 0;
  UPDATE meta SET forgottenUntil = max(forgottenUntil, OLD.ends), forgottenMade = max(forgottenMade, OLD.made);
END;

CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB UNIQUE, ends REAL NOT NULL) STRICT;
CREATE INDEX account_ends ON account (ends);
CREATE TABLE counter (
  id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL,
  UNIQUE (account, name)
) STRICT;
CREATE TABLE reservation (key BLOB PRIMARY KEY, state TEXT NOT NULL, ends REAL NOT NULL, charges TEXT) STRICT, WITHOUT ROWID;
CREATE INDEX reservation_ends ON reservation (ends);

CREATE TABLE request (
  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, call BLOB UNIQUE, text TEXT NOT NULL, ends REAL NOT NULL
) STRICT;
CREATE INDEX request_ends ON request (ends);
CREATE TABLE answer (
  request INTEGER NOT NULL, n INTEGER NOT NULL, key BLOB NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (request, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE entry (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, text TEXT NOT NULL, ends REAL, hash TEXT NOT NULL
) STRICT;
CREATE INDEX entry_ends ON entry (ends) WHERE ends IS NOT NULL;
`;

/** The names of all that is above: a file that lacks one of them was changed by somebody else. */
export const NAMES: readonly string[] = Array.from(
  TABLES.matchAll(/CREATE (?:TABLE|INDEX|TRIGGER) (\w+)/g),
  ([, name]) => name as string,
);
