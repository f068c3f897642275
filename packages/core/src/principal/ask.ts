import type { ErrorCode } from "../codes.ts";
import { HopwiseError } from "../errors.ts";
import type { Wait } from "../lib/index.ts";
import { type Found, faultOf, lookUp, type Source } from "../source/index.ts";

/** Asks a directory or registry. @throws {HopwiseError} `code` where the source throws */
export async function ask<Key, Value>(
  source: Source<Key, Value>,
  key: Key,
  code: ErrorCode,
  problem: string,
  hop: number,
  wait: Wait,
): Promise<Found<Value>> {
  try {
    return await wait(lookUp(source, key));
  } catch (cause) {
    const who = source.name === undefined ? "" : ` (source "${source.name}")`;
    throw new HopwiseError(code, `${problem}: ${faultOf(cause)}${who}`, { hop, cause });
  }
}
