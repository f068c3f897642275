/** Calls `leave` once the signal is aborted. Returns what ends that. */
export type Leaving = (signal: AbortSignal | undefined, leave: () => void) => () => void;

/**
 * One listener a signal: one decision asks several questions with the same, and Node.js 20 warns of more than ten
 * listeners, of which the clients of Cerbos have one for each request. It goes with the last question: Node.js keeps a signal
 * of `AbortSignal.any` for as long as somebody listens to it.
 */
export function createLeaving(): Leaving {
  const all = new WeakMap<AbortSignal, Set<() => void>>();
  function leaveAll(this: AbortSignal): void {
    for (const leave of [...(all.get(this) ?? [])]) leave();
  }
  return (signal, leave) => {
    if (!signal) return () => {};
    const leaving = all.get(signal) ?? new Set();
    if (leaving.size === 0) signal.addEventListener("abort", leaveAll, { once: true });
    all.set(signal, leaving.add(leave));
    return () => {
      leaving.delete(leave);
      if (leaving.size === 0) signal.removeEventListener("abort", leaveAll);
    };
  };
}
