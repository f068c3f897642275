/**
 * How old something is that begins now, in milliseconds: by the clock that shows more. A clock that was put back would make it
 * last, and the process's own, which nobody puts back, may stand still while the machine sleeps. So what is good for a while
 * is asked by this, and never by one clock alone. Where the clock gives no time, the age is `NaN`, which is no longer good.
 *
 * @param clock in milliseconds since the epoch
 */
export function ageBy(clock: () => number): () => number {
  const [began, beganHere] = [clock(), performance.now()];
  return () => Math.max(clock() - began, performance.now() - beganHere);
}
