import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { MAX_LINE } from "./line.ts";
import { unavailable } from "./unavailable.ts";

/** A line's bytes with its line feed; or the bytes after the last line feed, which are not a complete line. */
export interface RawLine {
  readonly bytes: Buffer;
  /** Counted from 1. */
  readonly number: number;
  readonly complete: boolean;
}

const CHUNK = 256 * 1024;

/** Reads a file's lines, a chunk's worth at a time: memory does not grow with the file. */
export async function* readLines(path: string): AsyncGenerator<readonly RawLine[]> {
  const file = await openFile(path);
  try {
    let rest: Buffer[] = [];
    let restBytes = 0;
    let number = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const { bytesRead } = await file.read(chunk, 0, CHUNK, null);
      if (bytesRead === 0) break;
      const lines: RawLine[] = [];
      let from = 0;
      for (;;) {
        const feed = chunk.indexOf(0x0a, from);
        if (feed === -1 || feed >= bytesRead) break;
        const piece = chunk.subarray(from, feed + 1);
        lines.push({
          bytes: rest.length === 0 ? piece : Buffer.concat([...rest, piece]),
          number: ++number,
          complete: true,
        });
        rest = [];
        restBytes = 0;
        from = feed + 1;
      }
      if (from < bytesRead) {
        rest.push(chunk.subarray(from, bytesRead));
        restBytes += bytesRead - from;
      }
      if (lines.length > 0) yield lines;
      if (restBytes > MAX_LINE) break; // no line of this log; the reader says so
    }
    if (restBytes > 0) yield [{ bytes: Buffer.concat(rest), number: number + 1, complete: false }];
  } finally {
    await file.close();
  }
}

/** The first line of a file, or nothing where it has none yet. */
export async function firstLine(path: string): Promise<Buffer | undefined> {
  for await (const lines of readLines(path)) return lines[0]?.complete ? lines[0].bytes : undefined;
  return undefined;
}

/** The last complete line of a file, and the bytes that stand behind it. Reads from the end. */
export async function lastLine(path: string): Promise<{ readonly line?: Buffer; readonly tail: Buffer }> {
  const file = await openFile(path);
  try {
    let from = (await file.stat()).size;
    let seen = Buffer.alloc(0);
    while (from > 0 && seen.length <= 2 * MAX_LINE) {
      const size = Math.min(CHUNK, from);
      from -= size;
      const chunk = Buffer.alloc(size);
      const { bytesRead } = await file.read(chunk, 0, size, from);
      seen = Buffer.concat([chunk.subarray(0, bytesRead), seen]);
      const end = seen.lastIndexOf(0x0a);
      const before = end <= 0 ? -1 : seen.lastIndexOf(0x0a, end - 1);
      if (end !== -1 && (before !== -1 || from === 0)) {
        return { line: seen.subarray(before + 1, end + 1), tail: seen.subarray(end + 1) };
      }
    }
    return { tail: seen };
  } finally {
    await file.close();
  }
}

/**
 * A pipe with the name of a file would be waited for without an end: who may write into the folder could so keep a verifier from saying
 * what they changed, and a process from starting.
 */
async function openFile(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw unavailable(
    `${path} has the name of a file of the log, and is none; find out who put it there, and move it away`,
  );
}
