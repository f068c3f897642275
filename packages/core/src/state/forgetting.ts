import { checkSeconds } from "../options/index.ts";
import { CLOCKS_APART } from "./clocks.ts";
import type { LogEntry } from "./revocation-log.ts";

/** Seconds of the process's own clock, which nobody sets. */
export function ownSeconds(): number {
  return performance.now() / 1000;
}

/** For how long a clock is not believed, in seconds of this process. */
const DOUBTED_SECONDS = 3600;

/**
 * By which time a store may forget what has ended. A clock that jumps ahead, be it by ten years, ends all there is; where it is
 * put right again, what was revoked or spent must be there. So a jump ahead is not believed for an hour of the process's own
 * clock, which nobody sets: until then it is forgotten by what the clock would show without it. A process that starts cannot
 * know whether its clock jumped before, so that it forgets nothing in its first hour.
 *
 * @returns a function that takes what the store's clock shows, in seconds since the epoch, and gives that time
 */
export function createForgetting(): (nowSeconds: number) => number {
  let believed = { clock: Number.NEGATIVE_INFINITY, own: ownSeconds() };
  let doubtedUntil: number | undefined = believed.own + DOUBTED_SECONDS;
  return (nowSeconds) => {
    checkSeconds("createForgetting", "nowSeconds", nowSeconds);
    const own = ownSeconds();
    const unset = believed.clock + own - believed.own;
    const isAhead = nowSeconds > unset + CLOCKS_APART;
    if (isAhead) doubtedUntil ??= own + DOUBTED_SECONDS;
    if (isAhead && own < (doubtedUntil as number)) return unset;
    believed = { clock: nowSeconds, own };
    doubtedUntil = undefined;
    return nowSeconds;
  };
}

/** An entry is forgotten so long after its end: a clock that jumped ahead and back must not have cost it. */
const DAY_SECONDS = 86_400;

/** How many entries are kept before those that have ended are looked for. */
const ROOM = 1024;

/** Whether an entry of the log ended so long ago that nobody needs it any more. */
export function isForgotten(
  { untilSeconds = Number.POSITIVE_INFINITY }: Pick<LogEntry, "untilSeconds">,
  now: number,
): boolean {
  return untilSeconds + DAY_SECONDS <= now;
}

/** How many there may be before it is looked again, where so many are left. */
export function roomBeside(left: number): number {
  return Math.max(ROOM, 2 * left);
}
