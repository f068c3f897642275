/**
 * What a clock says, in milliseconds since the epoch. A denial and an outcome have a time, too, where the clock breaks:
 * then that of the process.
 */
export function timeOf(clock: () => number): number {
  try {
    const milliseconds = clock();
    return Number.isFinite(milliseconds) && !Number.isNaN(new Date(milliseconds).getTime()) ? milliseconds : Date.now();
  } catch {
    return Date.now();
  }
}

/** A time in seconds since the epoch, as people read it: ISO 8601, UTC. `?` for what is no time: a record may be of another version. */
export function isoOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "?" : date.toISOString();
}
