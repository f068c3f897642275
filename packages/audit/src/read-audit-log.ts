import { HopwiseError } from "@hopwise/core";
import type { DecisionRecord, OutcomeRecord } from "@hopwise/core/audit";
import { optionsOf, readerOf } from "@hopwise/core/options";
import { type AuditFilter, FILTER_ROWS, matcher } from "./filter.ts";
import { parseLine } from "./line.ts";
import { usersIn } from "./look-for.ts";
import { type AuditFolders, FOLDERS } from "./option-shapes.ts";
import { type StreamFiles, streamsOfLog } from "./segment.ts";
import { streamLines } from "./stream-lines.ts";

/** A record, and where it stands. */
export interface AuditEntry {
  readonly record: DecisionRecord | OutcomeRecord;
  /** As it was passed in: of which instance the record is, where several are read. */
  readonly folder: string;
  readonly writer: string;
  readonly seq: number;
  readonly file: string;
  /** Of the file, counted from 1. */
  readonly line: number;
}

const readFolder = readerOf<AuditFolders>("readAuditLog", FOLDERS);
const readFilter = optionsOf<AuditFilter>("readAuditLog", FILTER_ROWS);

/**
 * Reads the records of a log by their time, of all streams together, a line at a time; of several folders as of one. It does not check them:
 * `verifyAuditLog` says whether the log is as it was written. It skips a line that a crash cut off.
 *
 * @throws {HopwiseError} `config_invalid` at once for a filter that cannot be right, and where a folder cannot be read
 *   or holds no log;
 *   `audit_unavailable` for a line that is not one of an audit log, among those that have the names of the filter
 */
export function readAuditLog(folder: AuditFolders, filter: AuditFilter = {}): AsyncGenerator<AuditEntry> {
  const [folders, read] = [readFolder(folder), readFilter(filter)];
  const users = new Set(read.user === undefined ? [] : [read.user.id]);
  return matching(folders, read, users, matcher(read, users));
}

async function* matching(
  folder: AuditFolders,
  filter: AuditFilter,
  users: Set<string>,
  matches: ReturnType<typeof matcher>,
): AsyncGenerator<AuditEntry> {
  const streams = await streamsOfLog(folder);
  if (filter.user !== undefined) for (const name of await subjectsOf(filter.user, streams)) users.add(name);
  for await (const entry of inOrder(streams, mentions(filter, users))) {
    if (matches(entry.record)) yield entry;
  }
}

const SUBJECT = Buffer.from('"subject":');

/**
 * What issuers call a user whom policies see by this id. A record of a call that was refused before the directory was asked, as most
 * refusals of grants and of revocations are, has that name alone: who asks for the user means these calls, too.
 */
async function subjectsOf(
  { id, issuer }: NonNullable<AuditFilter["user"]>,
  streams: readonly StreamFiles[],
): Promise<ReadonlySet<string>> {
  const subjects = new Set<string>();
  const needles = [[SUBJECT], ...spelled([id])];
  // Most lines say no other subject than those that are known, and are not parsed. A login has one, too, and so has an approver.
  const known: Buffer[] = [];
  const isKnown = (bytes: Buffer): boolean => {
    for (let at = bytes.indexOf(SUBJECT); at !== -1; at = bytes.indexOf(SUBJECT, at)) {
      at += SUBJECT.length;
      const isAt = (subject: Buffer): boolean => bytes.subarray(at, at + subject.length).equals(subject);
      if (!known.some(isAt)) return false;
    }
    return true;
  };
  for (const stream of streams) {
    for await (const { bytes, complete } of streamLines(stream)) {
      const line = complete && hasAll(bytes, needles) && !isKnown(bytes) ? parseLine(bytes) : undefined;
      if (line?.kind !== "record") continue;
      const record = line.value as AuditEntry["record"];
      if (record.kind !== "decision" || record.chain?.issuer !== issuer) continue;
      const [user, subject] = usersIn(record);
      if (user !== id || subject === undefined || subjects.has(subject)) continue;
      subjects.add(subject);
      known.push(Buffer.from(JSON.stringify(subject)));
    }
  }
  return subjects;
}

/** Of each of these texts a line must contain one, so that most need not be parsed. */
type Needles = readonly (readonly Buffer[])[];

function mentions(
  { invocation, chain, token, key, agent, tool, hidden, code }: AuditFilter,
  users: ReadonlySet<string>,
): Needles {
  const names = [invocation, chain, token, key, agent, tool, hidden, code];
  return [...names.flatMap((name) => (name === undefined ? [] : spelled([name]))), ...spelled([...users])];
}

/** Only what JSON spells in one way; nothing where that is not said of each. */
function spelled(names: readonly string[]): Needles {
  const isPlain = names.length > 0 && names.every((name) => /^[\w-]+$/.test(name));
  return isPlain ? [names.map((name) => Buffer.from(name))] : [];
}

function hasAll(bytes: Buffer, needles: Needles): boolean {
  return needles.every((names) => names.some((name) => bytes.includes(name)));
}

interface Cursor {
  readonly entries: AsyncGenerator<AuditEntry>;
  next: AuditEntry;
}

/** Merges the streams. A stream's file is opened when its turn comes: its name says when it began. */
async function* inOrder(streams: readonly StreamFiles[], needles: Needles): AsyncGenerator<AuditEntry> {
  const waiting = [...streams];
  const open: Cursor[] = [];
  try {
    for (;;) {
      open.sort((a, b) => compare(a.next.record.time, b.next.record.time));
      const first = open[0];
      const other = waiting[0];
      if (other !== undefined && (first === undefined || compare(beginningOf(other), first.next.record.time) <= 0)) {
        waiting.shift();
        const entries = recordsOf(other, needles);
        const { value } = await entries.next();
        if (value !== undefined) open.push({ entries, next: value });
        continue;
      }
      if (first === undefined) return;
      yield first.next;
      const { value } = await first.entries.next();
      if (value === undefined) open.shift();
      else first.next = value;
    }
  } finally {
    for (const { entries } of open) await entries.return(undefined);
  }
}

/** `20261125T015609123Z-…` as `2026-11-25T01:56:09.123Z`. */
function beginningOf({ writer }: StreamFiles): string {
  return writer.replace(/^(....)(..)(..T..)(..)(..)(...Z).*$/, "$1-$2-$3:$4:$5.$6");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function* recordsOf(stream: StreamFiles, needles: Needles): AsyncGenerator<AuditEntry> {
  for await (const { bytes, complete, file, number } of streamLines(stream)) {
    if (!complete || !hasAll(bytes, needles)) continue;
    const line = parseLine(bytes);
    if (line === undefined) {
      throw new HopwiseError("audit_unavailable", `${file}:${number} is not a line of an audit log; verify the log`);
    }
    if (line.kind !== "record") continue;
    const record = line.value as AuditEntry["record"];
    yield { record, folder: stream.folder, writer: stream.writer, seq: line.seq, file, line: number };
  }
}
