import { reading, secondsBy } from "../options/index.ts";
import { createEntryCounts } from "./entry-counts.ts";
import { isForgotten, roomBeside } from "./forgotten.ts";
import type { RevocationQuery, RevocationTarget } from "./revocation.ts";
import type { RevocationEntry } from "./revocation-entry.ts";
import { createPlaces, type Places } from "./revocation-places.ts";
import { holds, type Revocation, revocationKey, stricterOf } from "./revocation-rules.ts";

/** Everything of a log that may still be in force, found by what a call stands on. */
export interface RevocationIndex {
  /** Takes an entry in, once: one that is there already changes nothing. */
  add(entry: RevocationEntry): void;
  has(id: string): boolean;
  /** The first target that the query meets. */
  find(query: RevocationQuery, nowSeconds: number): RevocationTarget | undefined;
  /** What is revoked, and was not lifted: the entries of one target, or of all. */
  inForce(nowSeconds: number, target?: RevocationTarget): readonly RevocationEntry[];
  /** Whether so many entries live that count for the same. */
  reached(share: string, most: number, nowSeconds: number): boolean;
  /** Every entry, also what lifts and what was lifted: what a store that lost its log is given again. */
  all(nowSeconds: number): readonly RevocationEntry[];
}

/** One thing that was revoked: by which entries, and what they come to together. */
interface Revoked {
  readonly entries: readonly RevocationEntry[];
  readonly together: Revocation;
}

/** @param clock the reader's own, in milliseconds since the epoch: what an entry says of its time is its writer's word */
export function createIndex(clock: () => number): RevocationIndex {
  const entries = new Map<string, RevocationEntry>();
  const lifted = new Set<string>();
  const counts = createEntryCounts();
  const byTarget = new Map<string, Revoked>();
  const places = createPlaces<Revoked>();
  let room = roomBeside(0);

  const settle = (target: RevocationTarget, change: (known: readonly RevocationEntry[]) => RevocationEntry[]): void => {
    const key = revocationKey(target);
    const changed = change(byTarget.get(key)?.entries ?? []);
    if (changed.length === 0) {
      byTarget.delete(key);
      places.delete(target);
      return;
    }
    const revoked = { entries: changed, together: (changed as readonly Revocation[]).reduce(stricterOf) };
    byTarget.set(key, revoked);
    places.set(target, revoked);
  };

  const forget = (now: number): void => {
    for (const ended of entries.values()) {
      if (!isForgotten(ended, now)) continue;
      const { id, target } = ended;
      counts.delete(ended);
      entries.delete(id);
      lifted.delete(id);
      settle(target, (known) => known.filter((entry) => entry.id !== id));
    }
    room = roomBeside(entries.size);
  };

  return {
    add: (entry) => {
      if (entries.has(entry.id)) return;
      if (entries.size >= room) forget(secondsBy(clock));
      entries.set(entry.id, entry);
      if (entry.lifts !== undefined) {
        for (const id of entry.lifts) {
          lifted.add(id);
          const known = entries.get(id);
          if (known !== undefined) counts.delete(known);
        }
        settle(entry.target, (known) => known.filter(({ id }) => !lifted.has(id)));
      } else if (!lifted.has(entry.id)) {
        counts.add(entry);
        settle(entry.target, (known) => [...known, entry]);
      }
    },
    has: (id) => entries.has(id),
    find: (query, now) => reading("find", "query", QUERY, query, () => firstIn(places, query, now)),
    inForce: (now, target) => {
      const found = target === undefined ? [...byTarget.values()] : [byTarget.get(revocationKey(target))];
      return found.flatMap((revoked) => revoked?.entries ?? []).filter((entry) => isAlive(entry, now));
    },
    reached: counts.reached,
    all: (now) => [...entries.values()].filter((entry) => isAlive(entry, now)),
  };
}

const QUERY = "the query of an authorizer";

function firstIn(places: Places<Revoked>, query: RevocationQuery, now: number): RevocationTarget | undefined {
  return places.first(query, ({ together }) => holds(together, query.issuedAt, now))?.together.target;
}

function isAlive({ untilSeconds = Number.POSITIVE_INFINITY }: RevocationEntry, now: number): boolean {
  return untilSeconds > now;
}
