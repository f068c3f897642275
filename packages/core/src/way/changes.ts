import { quietly } from "../lib/index.ts";
import { readListener } from "../options/index.ts";
import type { Revocations } from "../state/index.ts";
import { isChanging } from "../token/index.ts";
import type { AuthorizerOptions } from "./options.ts";

const NOTHING_TO_END = (): void => {};

/**
 * Tells a listener whenever something was revoked or lifted, where the state can tell, and whenever the trust anchors were
 * replaced.
 *
 * @returns what ends it
 * @throws {HopwiseError} `config_invalid` for what is no listener
 */
export function changesOf(
  { state, trust }: Pick<AuthorizerOptions, "state" | "trust">,
  listener: () => void,
): () => void {
  const tell = readListener(listener);
  const ends = [changesOfState(state, tell), isChanging(trust) ? trust.onChange(tell) : NOTHING_TO_END];
  return () => {
    for (const end of ends) end();
  };
}

/** A state of a host is asked once, and what it throws is nobody's fault but its own: whoever would have heard of a change asks again anyway. */
function changesOfState(state: AuthorizerOptions["state"], tell: () => void): () => void {
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
