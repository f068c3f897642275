import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { HopwiseError } from "@hopwise/core";
import { FORMAT, type Head, type Line } from "./line.ts";
import type { AuditFolders } from "./option-shapes.ts";

/** What a segment's first line says of it. */
export interface SegmentHeader {
  readonly log: typeof FORMAT;
  readonly writer: string;
  /** Counts the stream's segments from 1. */
  readonly segment: number;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** RFC 7638 thumbprint of the one key that signs this stream's checkpoints. */
  readonly key: string;
  /** How many records could not be written since the segment before: the calls of decisions were denied. */
  readonly rejected?: number;
  /** Only in a stream's first segment: which process writes it, where that can be told. */
  readonly process?: string;
  /** Only in a stream's first segment: where the other streams of the folder stood. */
  readonly noted?: readonly NotedStream[];
}

/** Where a stream stood when another one began. `seq` is -1 where it had no line yet. */
export interface NotedStream extends Head {
  /** It was closed, or its process is gone: nothing may follow. */
  readonly ended?: true;
  /** A line that a crash cut off, at the end of its last segment. */
  readonly torn?: { readonly segment: number; readonly bytes: number; readonly sha256: string };
}

/** The files of one writer, in order. */
export interface StreamFiles {
  readonly folder: string;
  readonly writer: string;
  readonly segments: readonly { readonly number: number; readonly path: string; readonly file: string }[];
}

const NAME = /^(\d{8}T\d{9}Z-[0-9a-f]{16})\.(\d{6,9})\.ndjson$/;

/** A name no other writer has; names sort by the time their streams began. */
export function newWriter(): string {
  return `${new Date().toISOString().replace(/[-:.]/g, "")}-${randomBytes(8).toString("hex")}`;
}

export function segmentName(writer: string, number: number): string {
  return `${writer}.${String(number).padStart(6, "0")}.ndjson`;
}

/** Whether a file has the name of one, and not that name with something behind it or in it. */
export function isSegment(file: string): boolean {
  return NAME.test(file);
}

/** Whose a file is by the beginning of its name, whatever became of the rest. */
export function writerOf(file: string): string {
  return file.slice(0, file.indexOf("."));
}

/**
 * The streams of a folder, or of several, oldest first.
 *
 * @throws {HopwiseError} `config_invalid` where a folder cannot be read, and where two have the same stream: one is a copy,
 *   and each of its records would be there twice; or each has a part
 */
export async function listStreams(folders: AuditFolders): Promise<readonly StreamFiles[]> {
  const streams = (await Promise.all([folders].flat().map(streamsIn))).flat();
  const seen = new Map<string, StreamFiles>();
  for (const stream of streams) {
    const { writer, folder } = stream;
    const other = seen.get(writer);
    seen.set(writer, stream);
    if (other === undefined) continue;
    throw new HopwiseError(
      "config_invalid",
      `${other.folder} and ${folder} both have the stream ${writer}: ${howTwice(stream, other)}`,
    );
  }
  return streams.sort((a, b) => (a.writer < b.writer ? -1 : 1));
}

/** A folder that is moved away while its log is open has a part of the stream, and the one that is made in its place has what came then. */
function howTwice({ segments, folder }: StreamFiles, other: StreamFiles): string {
  const isPart = !segments.some(({ file }) => other.segments.some((it) => it.file === file));
  if (!isPart) return "one is a copy of the other; leave one out";
  return `each has a part of it, as where a folder was moved while its log was open; put its files into one folder, such as ${folder}`;
}

/**
 * The streams of a log that must be there. Another folder, or one whose files were taken away, would read as a log in which
 * nothing ever happened: `openAuditLog` begins a stream before there is a record.
 *
 * @throws {HopwiseError} `config_invalid` where a folder has no stream, and as `listStreams` does
 */
export async function streamsOfLog(folders: AuditFolders): Promise<readonly StreamFiles[]> {
  const streams = await listStreams(folders);
  const empty = [folders].flat().find((folder) => !streams.some((it) => it.folder === folder));
  if (empty === undefined) return streams;
  throw new HopwiseError(
    "config_invalid",
    `the folder ${empty} holds no file of an audit log: name the folder that openAuditLog writes to; where it is this one, ` +
      "its files were taken away, renamed or packed",
  );
}

const WHY_UNREAD: { readonly [code: string]: string } = {
  ENOENT: "there is no such folder: name the one that openAuditLog writes to",
  ENOTDIR:
    "it is a file: name the folder of an audit log. Lines of jsonLinesAudit are none: `hopwise explain` reads them",
  EACCES: "you may not read it: an audit log is for the user whose process writes it",
};

async function streamsIn(folder: string): Promise<readonly StreamFiles[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    const { code = "" } = cause as NodeJS.ErrnoException;
    const why = WHY_UNREAD[code] ?? code;
    throw new HopwiseError("config_invalid", `the audit log's folder cannot be read: ${folder}; ${why}`, { cause });
  });
  const streams = new Map<string, StreamFiles["segments"][number][]>();
  for (const file of names) {
    const [, writer, number] = NAME.exec(file) ?? [];
    if (writer === undefined) continue;
    const segments = streams.get(writer) ?? [];
    segments.push({ number: Number(number), path: join(folder, file), file });
    streams.set(writer, segments);
  }
  return [...streams].map(([writer, segments]) => ({
    folder,
    writer,
    segments: segments.sort((a, b) => a.number - b.number),
  }));
}

/** The header in a line, if it is one of this format. */
export function headerOf(line: Line | undefined): SegmentHeader | undefined {
  if (line?.kind !== "segment" || typeof line.value !== "object" || line.value === null) return undefined;
  const header = line.value as SegmentHeader;
  const noted: unknown = header.noted ?? [];
  return header.log === FORMAT && Array.isArray(noted) && noted.every(isNote) ? header : undefined;
}

function isNote(note: unknown): note is NotedStream {
  if (typeof note !== "object" || note === null) return false;
  const { writer, seq, hash } = note as { [name: string]: unknown };
  return typeof writer === "string" && Number.isSafeInteger(seq) && typeof hash === "string";
}
