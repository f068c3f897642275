/** Seconds of the process's own clock, which nobody sets. */
export function ownSeconds(): number {
  return performance.now() / 1000;
}
