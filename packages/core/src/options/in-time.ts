import type { ErrorCode } from "../codes.ts";
import { failed, HopwiseError, isOwn } from "../errors.ts";
import { DeadlinePassed, settleInTime, type Wait, waitTogether } from "../lib/index.ts";

/**
 * Gives the sources of a stage their deadline. Each is waited for by itself, so that the one that is late says so in its
 * own name, whatever deadline it has of its own.
 *
 * @param run waits for whatever a host gave by `wait` alone
 * @throws {HopwiseError} its own, or `code` where it gave none or something else
 */
export async function eachInTime<T>(
  deadlineMs: number,
  code: ErrorCode,
  what: string,
  run: (wait: Wait) => Promise<T>,
): Promise<T> {
  try {
    return await run(waitTogether(deadlineMs));
  } catch (cause) {
    throw isOwn(cause) ? cause : unanswered(deadlineMs, code, what, cause);
  }
}

/** The refusal in place of an answer: it did not come in time, or somebody else's error did, which stays inside. */
function unanswered(deadlineMs: number, code: ErrorCode, what: string, cause: unknown): HopwiseError {
  const isLate = cause instanceof DeadlinePassed;
  // Text of our own is not looked for: an error of ours here is one of another part.
  const why = isLate
    ? `${what} gave no answer within ${deadlineMs} ms`
    : failed(what, isOwn(cause) ? undefined : cause);
  return new HopwiseError(code, why, { cause });
}

/**
 * The answer of a host. Of our own errors, which a host may throw, too, only one of the code that its faults have stands as it
 * is, or of another one that it may have.
 */
export async function answerOf<T>(
  deadlineMs: number,
  code: ErrorCode,
  what: string,
  run: () => T | PromiseLike<T>,
  other: ErrorCode = code,
): Promise<T> {
  try {
    return await settleInTime(deadlineMs, run());
  } catch (cause) {
    throw isOwn(cause) && (cause.code === code || cause.code === other)
      ? cause
      : unanswered(deadlineMs, code, what, cause);
  }
}
