import { unwaited } from "./unwaited.ts";

/** When it is tried again, in milliseconds after the last time: a store that failed over, or started again, is back by then. */
const PAUSES_MS = [500, 2000, 8000, 30_000];

/**
 * Runs what nobody waits for, at once, and some times more where it fails. What it throws breaks neither the answer to a call
 * nor the process, and a process that ends does not wait for it.
 */
export function persistently(run: () => unknown, pausesMs: readonly number[] = PAUSES_MS): void {
  const [pause, ...others] = pausesMs;
  const again = (): void => {
    if (pause === undefined) return;
    unwaited(setTimeout(() => persistently(run, others), pause));
  };
  void (async () => run())().catch(again);
}
