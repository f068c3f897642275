import { isThenable } from "./deadline.ts";

/**
 * Runs what nobody waits for, at once: what it throws, now or later, breaks neither the answer to a call nor the process.
 */
export function quietly(run: () => unknown): void {
  void (async () => run())().catch(() => {});
}

/**
 * What a host gave, and is refused, may be a promise that it forgot to await, or a list of such: that one fails later ends no
 * process. Not by `Promise.all`, which makes a promise of each, nor by a copy: of a list of millions that outlasts every
 * deadline.
 */
export function dropPromises(given: unknown): void {
  quietly(() => {
    for (const one of Array.isArray(given) ? given : [given]) if (mayFail(one)) quietly(() => one);
  });
}

function mayFail(one: unknown): boolean {
  try {
    return isThenable(one);
  } catch {
    return false; // a proxy fails even at this question, and is no promise
  }
}
