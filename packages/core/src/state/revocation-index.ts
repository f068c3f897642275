import { reading, secondsBy } from "../options/index.ts";
import { createEntryCounts } from "./entry-counts.ts";
import { createForgetting, isForgotten, roomBeside } from "./forgetting.ts";
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
  /** What is revoked, and was not lifted: the entries of one target, or of all by their targets, the oldest first. */
  inForce(nowSeconds: number, target?: RevocationTarget): readonly RevocationEntry[];
  /** Whether so many entries live that count for the same. */
  reached(share: string, most: number, nowSeconds: number): boolean;
  /** Every entry, also what lifts and what was lifted: what a store that lost its log is given again. */
  all(nowSeconds: number): readonly RevocationEntry[];
}

/** One thing that was revoked: by which entries, and what they come to together. */
interface Revoked {
  entries: RevocationEntry[];
  together: Revocation;
}

/** @param clock the reader's own, in milliseconds since the epoch: what an entry says of its time is its writer's word */
export function createIndex(clock: () => number): RevocationIndex {
  const entries = new Map<string, RevocationEntry>();
  const lifted = new Set<string>();
  const counts = createEntryCounts();
  const targets = createTargets();
  const forgetting = createForgetting();
  let room = roomBeside(0);

  const isRevoking = (it: RevocationEntry): boolean => it.lifts === undefined && !lifted.has(liftOf(it));

  const forget = (now: number): void => {
    const by = forgetting(now);
    const ended = new Map<string, { readonly target: RevocationTarget; readonly ids: string[] }>();
    for (const entry of entries.values()) {
      if (!isForgotten(entry, by)) continue;
      const { id, target } = entry;
      counts.delete(entry);
      entries.delete(id);
      lifted.delete(liftOf(entry));
      const ofTarget = ended.get(revocationKey(target));
      if (ofTarget === undefined) ended.set(revocationKey(target), { target, ids: [id] });
      else ofTarget.ids.push(id);
    }
    for (const { target, ids } of ended.values()) targets.takeOut(target, ids);
    room = roomBeside(entries.size);
  };

  return {
    add: (entry) => {
      if (entries.has(entry.id)) return;
      if (entries.size >= room) forget(secondsBy(clock));
      entries.set(entry.id, entry);
      if (entry.lifts !== undefined) {
        for (const id of entry.lifts) {
          lifted.add(liftOf({ target: entry.target, id }));
          const known = entries.get(id);
          if (known !== undefined && !isRevoking(known)) counts.delete(known);
        }
        targets.takeOut(entry.target, entry.lifts);
      } else if (isRevoking(entry)) {
        counts.add(entry);
        targets.keep(entry);
      }
    },
    has: (id) => entries.has(id),
    find: (query, now) => {
      const found = reading("find", "query", QUERY, query, () => firstIn(targets.places, query, now));
      // Asked at each call, so that a jump is seen as one when room is needed.
      forgetting(now);
      return found;
    },
    inForce: (now, target) => {
      const asked = target === undefined ? [...entries.values()].filter(isRevoking).map((it) => it.target) : [target];
      const found = new Set(asked.map((one) => targets.places.get(one)));
      return [...found].flatMap((revoked) => revoked?.entries ?? []).filter((entry) => isAlive(entry, now));
    },
    reached: counts.reached,
    all: (now) => [...entries.values()].filter((entry) => isAlive(entry, now)),
  };
}

/** A lift is of one target: what another target's lift names stays in force, whichever of both comes first. */
function liftOf({ target, id }: Pick<RevocationEntry, "target" | "id">): string {
  return JSON.stringify([revocationKey(target), id]);
}

/** What is revoked and was not lifted, by its target. */
function createTargets() {
  const places = createPlaces<Revoked>();

  /** The same work however many entries its target has: one issuer may write a hundred thousand about one user. */
  const keep = (entry: RevocationEntry): void => {
    const known = places.get(entry.target);
    if (known === undefined) {
      places.set(entry.target, { entries: [entry], together: entry });
      return;
    }
    known.entries.push(entry);
    known.together = stricterOf(known.together, entry);
  };

  const takeOut = (target: RevocationTarget, ids: readonly string[]): void => {
    const known = places.get(target);
    if (known === undefined) return;
    const out = new Set(ids);
    known.entries = known.entries.filter(({ id }) => !out.has(id));
    if (known.entries.length > 0) known.together = (known.entries as readonly Revocation[]).reduce(stricterOf);
    else places.delete(target);
  };

  return { places: places as Pick<Places<Revoked>, "first" | "get">, keep, takeOut };
}

const QUERY = "the query of an authorizer";

function firstIn(
  places: Pick<Places<Revoked>, "first">,
  query: RevocationQuery,
  now: number,
): RevocationTarget | undefined {
  return places.first(query, ({ together }) => holds(together, query.issuedAt, now))?.together.target;
}

function isAlive({ untilSeconds = Number.POSITIVE_INFINITY }: RevocationEntry, now: number): boolean {
  return untilSeconds > now;
}
