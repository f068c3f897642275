import { join } from "node:path";
import { GENESIS, type Head, type LineKind, nextLine } from "./line.ts";
import type { LogFile, LogFiles } from "./log-files.ts";
import { segmentName } from "./segment.ts";
import { unavailable } from "./unavailable.ts";

/** The content of one line: a kind, and JSON text. */
export interface Entry {
  readonly kind: LineKind;
  readonly json: string;
}

export interface StreamOptions {
  readonly files: LogFiles;
  readonly folder: string;
  readonly writer: string;
  /** Whether every group is synced to the disk before it counts. */
  readonly durable: boolean;
  /** The lines that a segment begins with, and the head that they make. */
  readonly opening: (start: Head, segment: number, rejected: number) => Promise<{ text: string; head: Head }>;
}

/** One writer's chain of lines, over any number of segments. Its calls must not overlap. */
export interface StreamWriter {
  /** The last line that counts. */
  readonly head: Head;
  /** Of the segment that is written to now. */
  readonly bytes: number;
  /** How old it is, by a clock that nobody puts back: by another it would grow for as long. */
  readonly ageMs: number;
  /** Whether the last lines could not be written. */
  readonly failing: boolean;
  /** Whether the segment that is written to can still be found by who reads the log. */
  isThere(): Promise<boolean>;
  /**
   * Adds lines in one write and one sync. Where it rejects, none of these lines counts, and the next call begins a
   * segment: so, too, where the file was deleted, cut or moved away, for a line that nobody can find is no record.
   */
  append(entries: readonly Entry[]): Promise<void>;
  /** Begins a segment now, where none is open. */
  begin(): Promise<void>;
  /** Ends the segment; the next lines go to a new one. */
  finish(): Promise<void>;
}

interface Segment {
  readonly file: LogFile;
  readonly since: number;
  /** The length of the lines that count. */
  bytes: number;
}

export function createStreamWriter({ files, folder, writer, durable, opening }: StreamOptions): StreamWriter {
  let head: Head = { writer, seq: -1, hash: GENESIS };
  let number = 0;
  let rejected = 0;
  let current: Segment | undefined;
  let failed: Segment | undefined;

  const begin = async (): Promise<Segment> => {
    if (failed !== undefined) await takeBack(failed);
    failed = undefined;
    const path = join(folder, segmentName(writer, number + 1));
    const file = await files.create(path);
    try {
      const first = await opening(head, number + 1, rejected);
      const bytes = Buffer.from(first.text);
      await file.write(bytes);
      await file.sync();
      await files.syncFolder(folder);
      head = first.head;
      number++;
      rejected = 0;
      return { file, bytes: bytes.length, since: performance.now() };
    } catch (cause) {
      await file.close().catch(() => {});
      await files.remove(path).catch(() => {});
      throw cause;
    }
  };

  const append = async (entries: readonly Entry[]): Promise<void> => {
    try {
      current ??= await begin();
      let next = head;
      const lines: string[] = [];
      for (const { kind, json } of entries) {
        const line = nextLine(next, kind, json);
        lines.push(line.text);
        next = line.head;
      }
      const bytes = Buffer.from(lines.join(""));
      await put(current.file, bytes, durable);
      current.bytes += bytes.length;
      head = next;
    } catch (cause) {
      rejected += entries.filter(({ kind }) => kind === "record").length;
      failed ??= current;
      current = undefined;
      throw cause;
    }
  };

  return {
    get head() {
      return head;
    },
    get bytes() {
      return current?.bytes ?? 0;
    },
    get ageMs() {
      return current === undefined ? 0 : performance.now() - current.since;
    },
    get failing() {
      return failed !== undefined || rejected > 0;
    },
    isThere: async () => (await current?.file.isThere()) ?? true,
    append,
    begin: async () => {
      current ??= await begin();
    },
    finish: async () => {
      const segment = current;
      current = undefined;
      await segment?.file.sync();
      await segment?.file.close();
    },
  };
}

/** Writes lines where readers find them. */
async function put(file: LogFile, bytes: Uint8Array, durable: boolean): Promise<void> {
  await file.write(bytes);
  // Not before: of a file that was cut, and has grown again, only its length with these bytes tells. The disk takes longer.
  const [isThere] = await Promise.all([file.isThere(), durable ? file.sync() : undefined]);
  if (isThere) return;
  throw unavailable(
    "its file was deleted, moved, replaced or cut while it was written to; no other program may rotate the files of this log",
  );
}

/**
 * Cuts off the lines and half lines that a failed write left behind the last line that counts: their callers were told
 * that nothing was written. After a failed sync nothing more is written to that file: how much of it the system still
 * holds is unknown.
 */
async function takeBack({ file, bytes }: Segment): Promise<void> {
  await file.truncate(bytes);
  await file.sync();
  await file.close().catch(() => {});
}
