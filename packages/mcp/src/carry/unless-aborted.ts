import { onceAborted } from "@hopwise/core/adapter";

/** How long work may take before its signal is listened to. Most is over by then. */
const SOON_MS = 20;

/**
 * What some work gives, unless a signal is aborted first: the wait ends then, or a moment later, whether or not the work listens,
 * as that of `fetch` does.
 *
 * A client may have one signal for all that it sends, where `fetch` leaves a listener for each request: to put another one there, and
 * to take it away, takes longer than to sign.
 *
 * @throws what the signal was aborted with; what the work throws
 */
export async function unlessAborted<T>(signal: AbortSignal | null | undefined, run: () => Promise<T>): Promise<T> {
  if (!signal) return run();
  signal.throwIfAborted();
  let stay = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    const leave = (): void => reject(signal.reason);
    const timer = setTimeout(() => {
      if (signal.aborted) leave();
      else stay = onceAborted(signal, leave);
    }, SOON_MS);
    stay = () => clearTimeout(timer);
  });
  try {
    const done = await Promise.race([run(), aborted]);
    signal.throwIfAborted();
    return done;
  } finally {
    // A signal may live as long as its program.
    stay();
  }
}
