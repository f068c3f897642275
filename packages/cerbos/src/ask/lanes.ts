import { createLane, type Lane, type Settings } from "./lane.ts";
import type { PolicyClient } from "./resilient.ts";

/** Several targets, of which one is to be asked. */
export interface Lanes {
  readonly count: number;
  /** Whom to ask first; undefined where every target is left alone. */
  first(): Lane | undefined;
  /**
   * Whom to ask after this one, or beside it.
   *
   * @param failed whether it failed, and may be asked again itself
   */
  second(first: Lane, failed: boolean): Lane | undefined;
  othersUp(lane: Lane): boolean;
}

export function createLanes(clients: readonly PolicyClient[], settings: Settings): Lanes {
  const othersUp = (lane: Lane): boolean => lanes.some((other) => other !== lane && other.breaker.up);
  const lanes = clients.map((client, i) => createLane(client, i, settings, othersUp));
  let turn = -1;

  /** The one of them at which the fewest requests are under way; of several, the next in turn. */
  function idlest(among: readonly Lane[]): Lane | undefined {
    let found: Lane | undefined;
    for (let i = 0; i < among.length; i++) {
      const lane = among[(turn + i) % among.length] as Lane;
      if (lane.breaker.admits && (found === undefined || lane.underWay < found.underWay)) found = lane;
    }
    return found;
  }

  return {
    count: lanes.length,
    othersUp,
    first() {
      turn++;
      // A target that rests only because another one was quicker is better than no target.
      return idlest(lanes) ?? lanes.find((lane) => lane.onlySlow);
    },
    second(first, failed) {
      const others = lanes.filter((lane) => lane !== first);
      const up = idlest(others);
      if (up !== undefined || !failed) return up;
      // A resting one is better than none, and was perhaps only slow.
      return others[turn % others.length] ?? (first.breaker.admits ? first : undefined);
    },
  };
}
