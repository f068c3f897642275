import { HopwiseError } from "@hopwise/core";

const FULL = 13;
/** SQLite's own numbers of what went wrong: the lower byte of `errcode`. */
const BUSY = [5, 6];
const WORDS: { readonly [code: number]: string } = {
  8: "is read-only",
  10: "could not be read or written: the disk failed, or is full",
  11: "is damaged; stop all that use it, delete it with its -wal and -shm, and start again",
  13: "could not be written: the disk is full",
  14: "could not be opened",
  26: "is no database",
};
/** The size of `-shm` could not be made larger. */
const SHM_FULL = 4874;

function codeOf(error: unknown): number | undefined {
  const { errcode } = Object(error) as { readonly errcode?: unknown };
  return typeof errcode === "number" ? errcode : undefined;
}

/** Whether another process holds the lock just now. */
export function isBusy(error: unknown): boolean {
  return BUSY.includes((codeOf(error) ?? 0) & 0xff);
}

/** Whether a database must be opened anew: after anything but a lock, and a disk that is full for now. */
export function isBroken(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && !isBusy(error) && (code & 0xff) !== FULL;
}

/** What to say of an error while a step was done: Hopwise's own stay what they are. */
export function faultOf(error: unknown, file: string): HopwiseError {
  if (error instanceof HopwiseError) return error;
  const code = codeOf(error) ?? 0;
  const words = code === SHM_FULL ? WORDS[13] : (WORDS[code & 0xff] ?? fileWords(error) ?? "could not be used");
  return unavailable(`the state in ${file} ${words}`, error);
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
      return WORDS[13];
    default:
      return undefined;
  }
}

export function unavailable(problem: string, cause?: unknown): HopwiseError {
  return new HopwiseError("state_unavailable", problem, { cause });
}

export function lockedTooLong(file: string, deadlineMs: number): HopwiseError {
  return unavailable(`the state in ${file} is locked by another process for longer than ${deadlineMs} ms`);
}
