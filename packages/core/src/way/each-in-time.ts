import type { ErrorCode } from "../codes.ts";
import { HopwiseError } from "../errors.ts";
import { DeadlinePassed, type Wait, waitTogether } from "../lib/index.ts";

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
    if (cause instanceof HopwiseError) throw cause;
    const why = cause instanceof DeadlinePassed ? `gave no answer within ${deadlineMs} ms` : "failed";
    throw new HopwiseError(code, `${what} ${why}`, { cause });
  }
}
