import type { PlacedLine } from "./stream-lines.ts";

/** How the log was changed, as far as the verifier can tell. */
export type BrokenReason =
  /** The line is not as it was written; or some line up to a checkpoint is not as it was signed. */
  | "changed"
  /** A line, a segment or a whole stream is missing. */
  | "deleted"
  /** A line is missing here, and stands further down. */
  | "reordered"
  /** A line stands here that was not written here. */
  | "inserted"
  /** The stream ends before a place that another stream noted, or within a segment that is not its last. */
  | "truncated"
  /** The last line is cut off, and no later stream noted it: the log was not opened again after a crash, or was cut. */
  | "torn"
  /** A stream without a checkpoint where there must be one. */
  | "unsigned"
  /** A checkpoint that the key did not sign, or not for this place. */
  | "forged_checkpoint"
  /** A checkpoint by a key that is not among the trusted ones. */
  | "unknown_key"
  /** The stream lacks a head that was noted elsewhere: it is an old copy, or another history. */
  | "rolled_back";

/** The first place where the log is not as it was written. */
export interface Broken {
  /** As it was passed in. Left out where a whole stream is in no folder. */
  readonly folder?: string;
  readonly file: string;
  /** Of the file, counted from 1. */
  readonly line?: number;
  /** Of the stream, counted from 0. */
  readonly seq?: number;
  readonly reason: BrokenReason;
  /** For people: what is wrong. */
  readonly message: string;
}

export function brokenAt(
  reason: BrokenReason,
  { file, number }: Pick<PlacedLine, "file" | "number">,
  seq: number,
  message = "the line is not as it was written",
): Broken {
  return { file, line: number, seq, reason, message };
}
