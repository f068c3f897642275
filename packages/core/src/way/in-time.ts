import type { ErrorCode } from "../codes.ts";
import { HopwiseError } from "../errors.ts";
import { DeadlinePassed, settleInTime } from "../lib/index.ts";

/** Gives a source its deadline. @throws {HopwiseError} its own, or `code` where it gave none or something else */
export function inTime<T>(deadlineMs: number, code: ErrorCode, what: string, run: () => Promise<T>): Promise<T> {
  return settleInTime(deadlineMs, run()).catch((cause: unknown) => {
    if (cause instanceof HopwiseError) throw cause;
    const why = cause instanceof DeadlinePassed ? `gave no answer within ${deadlineMs} ms` : "failed";
    throw new HopwiseError(code, `${what} ${why}`, { cause });
  });
}
