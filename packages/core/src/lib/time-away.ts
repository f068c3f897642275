import { countOf } from "./count-of.ts";

/** So far apart are two clocks of which one is wrong; a time that is further away was meant otherwise, or is old. */
const NEAR_SECONDS = 300;

/**
 * How far from the clock here a time is that was refused, to stand behind the rule; and how to compare the clock, where that may
 * be all.
 *
 * @param seconds of the time ahead of the clock; negative where it has passed
 */
export function timeAway(seconds: number): string {
  const apart = Math.abs(seconds);
  const shown = apart < 100 ? Number(apart.toFixed(3)) : Math.round(apart);
  const where = `${countOf(shown, "second")} ${seconds > 0 ? "ahead of" : "ago by"} the clock here`;
  return apart > NEAR_SECONDS ? ` (${where})` : ` (${where}; hopwise doctor --server URL compares it with a server's)`;
}
