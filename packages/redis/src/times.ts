/** The latest time that a `Date` can have, in milliseconds: as good as for ever, and Redis takes it. */
const LATEST = 8.64e15;

/** A time as scripts take it: whole milliseconds since the epoch, rounded up, so that nothing ends too soon. */
export function milliseconds(seconds: number): string {
  return `${Math.max(0, Math.min(LATEST, Math.ceil(seconds * 1000)))}`;
}
