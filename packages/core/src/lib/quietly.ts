/**
 * Runs what nobody waits for, at once: what it throws, now or later, breaks neither the answer to a call nor the process.
 */
export function quietly(run: () => unknown): void {
  void (async () => run())().catch(() => {});
}

/**
 * What a host gave, and is refused, may be a promise that it forgot to await, or a list of such: that one fails later ends no
 * process.
 */
export function dropPromises(given: unknown): void {
  quietly(() => Promise.all([given].flat()));
}
