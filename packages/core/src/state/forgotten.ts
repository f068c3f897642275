/** An entry is forgotten so long after its end: a clock that jumped ahead and back must not have cost it. */
const DAY_SECONDS = 86_400;

/** How many entries are kept before those that have ended are looked for. */
const ROOM = 1024;

/** Whether an entry of the log ended so long ago that nobody needs it any more. */
export function isForgotten({ untilSeconds = Number.POSITIVE_INFINITY }: EndingEntry, now: number): boolean {
  return untilSeconds + DAY_SECONDS <= now;
}

interface EndingEntry {
  readonly untilSeconds?: number;
}

/** How many there may be before it is looked again, where so many are left. */
export function roomBeside(left: number): number {
  return Math.max(ROOM, 2 * left);
}
