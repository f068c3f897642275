/**
 * What some work gives, unless a signal is aborted first: the wait ends then, whether or not the work listens, as that of
 * `fetch` does.
 *
 * @throws what the signal was aborted with; what the work throws
 */
export async function unlessAborted<T>(signal: AbortSignal | null | undefined, run: () => Promise<T>): Promise<T> {
  if (!signal) return run();
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
  });
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([run(), aborted]);
  } finally {
    // A signal may live as long as its program.
    signal.removeEventListener("abort", stop);
  }
}
