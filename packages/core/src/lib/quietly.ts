/**
 * Runs what nobody waits for, at once: what it throws, now or later, breaks neither the answer to a call nor the process.
 */
export function quietly(run: () => unknown): void {
  void (async () => run())().catch(() => {});
}
