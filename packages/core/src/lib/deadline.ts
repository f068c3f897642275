/** A deadline has passed. */
export class DeadlinePassed extends Error {}

/**
 * Runs something under a deadline. `signal` asks the work to end, and `expired` rejects even where the work does not
 * listen: a decision point that hangs must not hang the call.
 */
export async function withDeadline<T>(
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
    ms,
    (expired) => Promise.race([answer, expired]),
    () => {},
  );
}

async function race<T>(ms: number, run: (expired: Promise<never>) => Promise<T>, onExpired: () => void): Promise<T> {
  let reject: (reason: Error) => void = () => {};
  const expired = new Promise<never>((_, no) => {
    reject = no;
  });
  expired.catch(() => {}); // it may reject after all callers stopped waiting
  const timer = setTimeout(() => {
    reject(new DeadlinePassed(`no answer within ${ms} ms`));
    onExpired();
  }, ms);
  try {
    return await run(expired);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether an answer is still to come. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (typeof value === "object" || typeof value === "function") && value !== null && "then" in value;
}
