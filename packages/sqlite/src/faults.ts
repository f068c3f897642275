import { HopwiseError } from "@hopwise/core";
import { inOwnWords } from "@hopwise/core/adapter";

const READ_ONLY = 8;
const FULL = 13;
/** The file was deleted, or moved away. */
const DELETED = 1032;
/** SQLite's own numbers of what went wrong: the lower byte of `errcode`. */
const BUSY = [5, 6];
const PASSING = [10, 13];
const DAMAGED = [11, 26];
const FULL_WORDS = "could not be written: the disk is full";
export const NO_DATABASE = "is no database";
export const BEGIN_ANEW = "stop all that use it, delete it with its -wal and -shm, and start again";
export const DAMAGED_WORDS: string = `is damaged; ${BEGIN_ANEW}`;
const TOO_MANY = "this process, or this machine, has as many files open as it may (ulimit -n)";
const WORDS: { readonly [code: number]: string } = {
  8: "is read-only",
  10: "could not be read or written: the disk failed, or is full",
  11: DAMAGED_WORDS,
  13: FULL_WORDS,
  14: `could not be opened, and SQLite does not say why: where the file and its folder can be opened otherwise, ${TOO_MANY}`,
  26: NO_DATABASE,
};
/** Node.js was started with `--permission`. SQLite keeps two files beside its own, so the file alone is not enough. */
export const NOT_PERMITTED = "ERR_ACCESS_DENIED";
export const PERMISSION_WORDS =
  "Node.js runs with --permission; give --allow-fs-read and --allow-fs-write for the whole folder";
/** The size of `-shm` could not be made larger. */
const SHM_FULL = 4874;
/** The file may be written, and no file made beside it. */
const FOLDER_READ_ONLY = 1544;
/** Of a path, in bytes, with what SQLite puts behind it. */
const LONGEST_PATH = 504;
const TOO_LONG = `has a name or a path that is too long: a path may have ${LONGEST_PATH} bytes`;

function codeOf(error: unknown): number | undefined {
  const { errcode } = Object(error) as { readonly errcode?: unknown };
  return typeof errcode === "number" ? errcode : undefined;
}

/** Whether another process holds the lock just now. */
export function isBusy(error: unknown): boolean {
  return BUSY.includes((codeOf(error) ?? 0) & 0xff);
}

/** Whether what is in the file is not what was written. */
export function isDamaged(error: unknown): boolean {
  return DAMAGED.includes((codeOf(error) ?? 0) & 0xff);
}

/** Whether a database must be opened anew. What cannot be written for now can still be read. */
export function isBroken(error: unknown): boolean {
  const code = codeOf(error);
  return code === DELETED || (code !== undefined && ![...BUSY, READ_ONLY, FULL].includes(code & 0xff));
}

/** What to say of an error while a step was done: Hopwise's own stay what they are. */
export function faultOf(error: unknown, file: string): HopwiseError {
  return error instanceof HopwiseError ? error : unavailable(`the state in ${file} ${wordsOf(error)}`, error);
}

/** The same at the start, where what will not go away by itself is a matter of the set-up. */
export function faultAtStart(error: unknown, file: string, called: string): HopwiseError {
  if (error instanceof HopwiseError || PASSING.includes((codeOf(error) ?? 0) & 0xff)) return faultOf(error, file);
  return unusable(called, file, wordsOf(error), error);
}

/** @throws {HopwiseError} where SQLite would say that it could not be opened, once it was made */
export function checkLength(called: string, file: string): void {
  if (Buffer.byteLength(file) > LONGEST_PATH) throw unusable(called, file, TOO_LONG);
}

/** A file that cannot be used, whatever is tried. */
export function unusable(called: string, file: string, problem: string, cause?: unknown): HopwiseError {
  return new HopwiseError("config_invalid", `${called}: the file ${file} ${problem}`, { pointer: "/file", cause });
}

function wordsOf(error: unknown): string {
  const code = codeOf(error) ?? 0;
  if (code === SHM_FULL) return FULL_WORDS;
  if (code === FOLDER_READ_ONLY)
    return "is in a folder to which this process may not write: SQLite makes two files beside it";
  return WORDS[code & 0xff] ?? fileWords(error) ?? "could not be used";
}

/** Errors of the file system. */
function fileWords(error: unknown): string | undefined {
  switch ((Object(error) as { readonly code?: unknown }).code) {
    case "ENOENT":
    case "ENOTDIR":
      return "has no folder any more";
    case "EACCES":
    case "EPERM":
      return "may not be read or written by this process";
    case "EROFS":
      return WORDS[8];
    case "ENOSPC":
    case "EDQUOT":
      return FULL_WORDS;
    case "EMFILE":
    case "ENFILE":
      return `could not be opened: ${TOO_MANY}`;
    case "ENAMETOOLONG":
      return TOO_LONG;
    case NOT_PERMITTED:
      return `may not be used: ${PERMISSION_WORDS}`;
    default:
      return undefined;
  }
}

export function unavailable(problem: string, cause?: unknown): HopwiseError {
  return inOwnWords(new HopwiseError("state_unavailable", problem, { cause }));
}

export function lockedTooLong(file: string, deadlineMs: number): HopwiseError {
  return unavailable(`the state in ${file} is locked by another process for longer than ${deadlineMs} ms`);
}
