/**
 * Runs something under a deadline. `signal` asks for an end, and `expired` rejects whether or not the asked one listens:
 * a decision point that hangs must not hang the call.
 */
export async function withDeadline<T>(
  ms: number,
  run: (signal: AbortSignal, expired: Promise<never>) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let reject: (reason: Error) => void = () => {};
  const expired = new Promise<never>((_, no) => {
    reject = no;
  });
  expired.catch(() => {}); // it may reject after everybody stopped waiting
  const timer = setTimeout(() => {
    reject(new Error(`no answer within ${ms} ms`));
    controller.abort();
  }, ms);
  try {
    return await run(controller.signal, expired);
  } finally {
    clearTimeout(timer);
  }
}
