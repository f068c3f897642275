/** Calls `leave` once the signal is aborted. Returns what ends that. */
export type Leaving = (signal: AbortSignal | undefined, leave: () => void) => () => void;

/**
 * One listener a signal: one decision asks several questions with the same, and Node.js 20 warns of more than ten
 * listeners, of which the clients of Cerbos have one for each request.
 */
export function createLeaving(): Leaving {
  const all = new WeakMap<AbortSignal, Set<() => void>>();
  const of = (signal: AbortSignal): Set<() => void> => {
    const known = all.get(signal);
    if (known !== undefined) return known;
    const leaving = new Set<() => void>();
    all.set(signal, leaving);
    signal.addEventListener("abort", () => [...leaving].forEach((leave) => void leave()), { once: true });
    return leaving;
  };
  return (signal, leave) => {
    if (!signal) return () => {};
    const leaving = of(signal);
    leaving.add(leave);
    return () => void leaving.delete(leave);
  };
}
