/** A timer for which no process waits that has nothing else to do. Elsewhere than in Node, timers are numbers. */
export function unwaited<Timer>(timer: Timer): Timer {
  (timer as { unref?: () => void }).unref?.();
  return timer;
}
