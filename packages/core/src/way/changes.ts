import { quietly } from "../lib/index.ts";
import { argumentOf, func } from "../options/index.ts";
import type { Revocations, State } from "../state/index.ts";

const readListener = argumentOf<() => void>("onChange", "listener", func("a function that is told of changes"));
const NOTHING_TO_END = (): void => {};

/**
 * Tells a listener whenever something was revoked or lifted, where the state can tell. A state of a host is asked once, and
 * what it throws is nobody's fault but its own: whoever would have heard of a change asks again anyway.
 *
 * @returns what ends it
 * @throws {HopwiseError} `config_invalid` for what is no listener
 */
export function changesOf(state: State | undefined, listener: () => void): () => void {
  const tell = readListener(listener);
  let end: unknown;
  try {
    const { onChange } = Object(state?.revocations) as Partial<Revocations>;
    end = onChange?.call(state?.revocations, () => quietly(tell));
  } catch {
    return NOTHING_TO_END;
  }
  // A promise is no end, and its rejection ends no process.
  quietly(() => end);
  return typeof end === "function" ? () => quietly(end as () => void) : NOTHING_TO_END;
}
