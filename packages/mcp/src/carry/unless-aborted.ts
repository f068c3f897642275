/**
 * What some work gives, unless a signal is aborted first: the wait ends then, whether or not the work listens, as that of
 * `fetch` does.
 *
 * @throws what the signal was aborted with; what the work throws
 */
export async function unlessAborted<T>(signal: AbortSignal | null | undefined, run: () => Promise<T>): Promise<T> {
  if (!signal) return run();
  signal.throwIfAborted();
  let leave = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason);
  });
  const stay = whenAborted(signal, leave);
  try {
    return await Promise.race([run(), aborted]);
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
