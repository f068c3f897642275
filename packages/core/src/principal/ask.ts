import type { ErrorCode } from "../codes.ts";
import { faultOf, HopwiseError } from "../errors.ts";
import { isThenable, type Wait } from "../lib/index.ts";
import { type Found, lookUp, type Source } from "../source/index.ts";

/**
 * Asks a directory or registry. What it knows at once is given at once.
 *
 * @throws {HopwiseError} `code` where the source throws, as a rejection
 */
export function ask<Key, Value>(
  source: Source<Key, Value>,
  key: Key,
  code: ErrorCode,
  problem: string,
  hop: number,
  wait: Wait,
): Found<Value> | Promise<Found<Value>> {
  const refuse = (cause: unknown): Promise<never> => {
    const who = source.name === undefined ? "" : ` (source "${source.name}")`;
    return Promise.reject(new HopwiseError(code, `${problem}: ${faultOf(cause)}${who}`, { hop, cause }));
  };
  try {
    const found = lookUp(source, key);
    return isThenable(found) ? wait(found).then((answer) => answer, refuse) : found;
  } catch (cause) {
    return refuse(cause);
  }
}
