import { faultOf } from "../errors.ts";
import { defined, type Health, plainText, settleInTime, withoutTokens } from "../lib/index.ts";
import type { KeysHealth } from "../token/index.ts";

/**
 * How a part of a host's says that it is, in time and in words that may be shown, whatever it answers. Never rejects.
 *
 * @param what it is, for a part that says nothing of use
 */
export async function askHealth(
  what: string,
  deadlineMs: number,
  ask: () => Health | Promise<Health>,
): Promise<KeysHealth> {
  try {
    const answer: unknown = await settleInTime(deadlineMs, (async () => ask())());
    const { ok, problem, since } = Object(answer) as Partial<KeysHealth>;
    const told = defined({ since: inWords(since) });
    if (ok === true) return { ok, ...told };
    return { ok: false, problem: inWords(problem) ?? `${what} says that it is not well`, ...told };
  } catch (cause) {
    return { ok: false, problem: `${what} could not say how it is: ${faultOf(cause)}` };
  }
}

/** A part of the host's may quote whatever it was given: what it says goes to logs and screens. */
function inWords(said: unknown): string | undefined {
  return typeof said === "string" ? plainText(withoutTokens(said)) || undefined : undefined;
}
