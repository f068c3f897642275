const all = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `leave` once the signal is aborted. All who wait for one signal share a listener: one decision asks several questions with
 * the same, a program makes many calls with it, and Node.js 20 warns of more than ten, of which clients of Cerbos have one for
 * each request. The listener goes with the last of them: Node.js keeps a signal of `AbortSignal.any` for as long as somebody
 * listens to it.
 *
 * @returns what ends that
 */
export function onceAborted(signal: AbortSignal | undefined, leave: () => void): () => void {
  if (!signal) return () => {};
  const leaving = all.get(signal) ?? new Set();
  if (leaving.size === 0) signal.addEventListener("abort", leaveAll, { once: true });
  all.set(signal, leaving.add(leave));
  return () => {
    leaving.delete(leave);
    if (leaving.size === 0) signal.removeEventListener("abort", leaveAll);
  };
}

function leaveAll(this: AbortSignal): void {
  for (const leave of [...(all.get(this) ?? [])]) leave();
}
