/**
 * Counts what a test does inside of itself, where one test tries many things: `ran("policy sets")`. Only
 * `pnpm test:count` listens (test/count/setup.ts); in any other run this does nothing.
 */

/** Where the listener of this process stands. A global, since each test file has its own copies of modules. */
export const LISTENER: unique symbol = Symbol.for("dev.hopwise/test-count");

type Listening = { [LISTENER]?: (what: string, times: number) => void };

export function ran(what: string, times = 1): void {
  (globalThis as Listening)[LISTENER]?.(what, times);
}
