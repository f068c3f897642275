import { hash } from "node:crypto";

/** Names the format in every segment's first line and in every checkpoint. */
export const FORMAT = "hopwise-audit/1";
/** The hash that the first line of a stream names in place of a line before it. */
export const GENESIS: string = "0".repeat(64);
/** Longest line that is written or read, in bytes. */
export const MAX_LINE: number = 8 * 1024 * 1024;

export type LineKind = "segment" | "record" | "checkpoint";

/** A place in a stream, and the hash of all that stands up to it. */
export interface Head {
  /** The stream: each writer has its own. */
  readonly writer: string;
  /** Counts the lines of the stream from 0, over all its segments. */
  readonly seq: number;
  /** SHA-256 of that line's bytes, its line feed included, in hex. Each line holds the hash of the one before. */
  readonly hash: string;
}

/** A line of the log, looked at: the place it claims, and what it holds. */
export interface Line {
  readonly seq: number;
  readonly prev: string;
  readonly kind: LineKind;
  readonly value: unknown;
}

const START = /^\{"seq":(0|[1-9]\d{0,14}),"prev":"([0-9a-f]{64})","(segment|record|checkpoint)":/;
const LONGEST_START = 130;

/** Adds a line to the chain: its text, and the head that it makes. */
export function nextLine({ writer, seq, hash }: Head, kind: LineKind, json: string): { text: string; head: Head } {
  const text = `{"seq":${seq + 1},"prev":"${hash}","${kind}":${json}}\n`;
  return { text, head: { writer, seq: seq + 1, hash: hashLine(text) } };
}

export function hashLine(line: string | Uint8Array): string {
  return hash("sha256", line, "hex");
}

/**
 * Reads a line as this log writes it, byte for byte; undefined for any other spelling.
 *
 * @param only the kind that is wanted: what a line of another one holds is not read
 */
export function parseLine(bytes: Buffer, only?: LineKind): Line | undefined {
  const start = START.exec(bytes.toString("latin1", 0, LONGEST_START));
  if (start === null || (only !== undefined && start[3] !== only)) return undefined;
  if (bytes.at(-2) !== 0x7d || bytes.at(-1) !== 0x0a) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8", start[0].length, bytes.length - 2));
    return { seq: Number(start[1]), prev: start[2] as string, kind: start[3] as LineKind, value };
  } catch {
    return undefined;
  }
}
