import { HopwiseError } from "../errors.ts";
import { isThenable } from "../lib/index.ts";
import { answerOf } from "../options/index.ts";

/**
 * Asks a store, and reads its answer by its type, in time. One in memory answers at once, without a promise or a timer.
 *
 * @throws {HopwiseError} `state_unavailable`, as a rejection
 */
export function answerOfStore<T>(
  deadlineMs: number,
  store: string,
  ask: () => unknown,
  read: (answer: unknown) => T,
): T | Promise<T> {
  let answer: unknown;
  try {
    answer = ask();
    if (!isThenable(answer)) return read(answer);
  } catch (cause) {
    answer = Promise.reject(cause);
  }
  return answerOf(deadlineMs, "state_unavailable", `the store of ${store}`, async () => read(await answer));
}

/** Of a step that answers nothing. */
export function readNothing(): void {}

export function gaveNonsense(store: string, what: string): never {
  throw new HopwiseError("state_unavailable", `the store of ${store} gave ${what}`);
}
