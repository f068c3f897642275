/** How long work may take before its signal is listened to. Most is over by then. */
const SOON_MS = 20;

/**
 * What some work gives, unless a signal is aborted first: the wait ends then, or a moment later, whether or not the work listens,
 * as that of `fetch` does.
 *
 * A client may have one signal for all that it sends, where `fetch` leaves a listener for each request: to put one more there, and
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
      else stay = whenAborted(signal, leave);
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

interface Waiting {
  readonly leaving: Set<() => void>;
  readonly tell: () => void;
}

const waiting = new WeakMap<AbortSignal, Waiting>();

/**
 * One listener a signal, for as long as somebody waits: all requests of a client may have the same, and Node.js 20 warns of
 * more than ten listeners.
 *
 * @returns what ends it
 */
function whenAborted(signal: AbortSignal, leave: () => void): () => void {
  const { leaving, tell } = waiting.get(signal) ?? listenTo(signal);
  leaving.add(leave);
  return () => {
    leaving.delete(leave);
    if (leaving.size > 0) return;
    signal.removeEventListener("abort", tell);
    waiting.delete(signal);
  };
}

function listenTo(signal: AbortSignal): Waiting {
  const leaving = new Set<() => void>();
  const one = { leaving, tell: () => [...leaving].forEach((leave) => void leave()) };
  waiting.set(signal, one);
  signal.addEventListener("abort", one.tell, { once: true });
  return one;
}
