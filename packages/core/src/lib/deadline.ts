import type { Awaitable } from "./awaitable.ts";
import { whenTimeIsUp } from "./when-time-is-up.ts";

/** A deadline has passed. */
export class DeadlinePassed extends Error {
  readonly #passed = true;

  /** By its brand alone: what a host threw instead may throw when it is looked at. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && #passed in value;
  }
}

/**
 * Runs something under a deadline. `signal` asks the work to end, and `expired` rejects even where the work does not
 * listen: a decision point that hangs must not hang the call.
 */
export function withDeadline<T>(
  ms: number,
  run: (signal: AbortSignal, expired: Promise<never>) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  return race(
    ms,
    (expired) => run(controller.signal, expired),
    () => controller.abort(),
  );
}

/**
 * Waits for a source, a store or a sink, none of which takes a signal. An answer that is there already needs no timer,
 * which would cost more than a source in memory does.
 */
export async function settleInTime<T>(ms: number, answer: T | PromiseLike<T>): Promise<T> {
  if (!isThenable(answer)) return answer;
  return race(
    // A deadline that is no number has passed.
    typeof ms === "number" ? ms : 0,
    (expired) => Promise.race([answer, expired]),
    () => {},
  );
}

/** Waits for an answer, as long as the deadline lets it. */
export type Wait = <T>(answer: T | PromiseLike<T>) => Promise<T>;

/**
 * One deadline, and one timer, for all answers of a stage. Each is waited for by itself, so that it is known which one was
 * late: of several, the one that was asked first. It begins with the first that is not there at once, since most are.
 */
export function waitTogether(ms: number): Wait {
  let until: number | undefined;
  let waiting = 0;
  let clock: ReturnType<typeof expiry> | undefined;
  return async (answer) => {
    if (!isThenable(answer)) return answer;
    until ??= performance.now() + ms;
    clock ??= expiry(ms, () => {}, Math.max(0, until - performance.now()));
    waiting++;
    try {
      return await Promise.race([answer, clock.expired]);
    } finally {
      waiting--;
      if (waiting === 0) {
        clock?.stop();
        clock = undefined;
      }
    }
  };
}

/** Waits for as long as it takes. */
export const patiently: Wait = async (answer) => answer;

async function race<T>(ms: number, run: (expired: Promise<never>) => Promise<T>, onExpired: () => void): Promise<T> {
  const { expired, stop } = expiry(ms, onExpired);
  try {
    return await run(expired);
  } finally {
    stop();
  }
}

/** @param leftMs how much of the time is left */
function expiry(ms: number, onExpired: () => void, leftMs = ms): { expired: Promise<never>; stop: () => void } {
  let reject: (reason: Error) => void = () => {};
  const expired = new Promise<never>((_, no) => {
    reject = no;
  });
  expired.catch(() => {}); // it may reject after all callers stopped waiting
  const stop = whenTimeIsUp(leftMs, () => {
    reject(new DeadlinePassed(`no answer within ${ms} ms`));
    onExpired();
  });
  return { expired, stop };
}

/** Whether an answer is still to come. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (typeof value === "object" || typeof value === "function") && value !== null && "then" in value;
}

/**
 * Goes on at once where an answer is there: what is in memory costs no promise. A promise may be of any make: query builders and
 * other realms have their own.
 */
export function andThen<T, R>(answer: Awaitable<T>, go: (value: T) => Awaitable<R>): Awaitable<R> {
  return isThenable(answer) ? Promise.resolve(answer).then(go) : go(answer);
}
