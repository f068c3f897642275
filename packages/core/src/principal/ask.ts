import { faultOf, HopwiseError, isOwn } from "../errors.ts";
import { isThenable, type Wait } from "../lib/index.ts";
import { type Found, lookUp, type Source } from "../source/index.ts";

/** What a source that gives no answer at all is, by what one that fails is: it stays so, and nobody needs to try again. */
const NONSENSE = { context_unavailable: "attributes_invalid", registry_unavailable: "agent_invalid" } as const;

/**
 * Asks a directory or registry. What it knows at once is given at once.
 *
 * @throws {HopwiseError} `code` where the source throws, as a rejection; `attributes_invalid`, or `agent_invalid` of a
 *   registry, where it gives what is no answer
 */
export function ask<Key, Value>(
  source: Source<Key, Value>,
  key: Key,
  code: keyof typeof NONSENSE,
  problem: string,
  hop: number,
  wait: Wait,
): Found<Value> | Promise<Found<Value>> {
  const refuse = (cause: unknown): Promise<never> => {
    const who = source.name === undefined ? "" : ` (source "${source.name}")`;
    const isNonsense = isOwn(cause) && cause.code === "attributes_invalid";
    return Promise.reject(
      new HopwiseError(isNonsense ? NONSENSE[code] : code, `${problem}: ${faultOf(cause)}${who}`, { hop, cause }),
    );
  };
  try {
    const found = lookUp(source, key);
    return isThenable(found) ? wait(found).then((answer) => answer, refuse) : found;
  } catch (cause) {
    return refuse(cause);
  }
}
