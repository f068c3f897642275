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
