import type { RevocationQuery, RevocationTarget } from "./revocation.ts";

/** Something kept for each target, and found by all that a call stands on. */
export interface Places<Kept> {
  set(target: RevocationTarget, kept: Kept): void;
  get(target: RevocationTarget): Kept | undefined;
  delete(target: RevocationTarget): void;
  /** The first that a query meets and that passes the test. */
  first(query: RevocationQuery, test: (kept: Kept) => boolean): Kept | undefined;
}

type Place<Kept> = Map<string, Kept>;

/**
 * Finds without making texts of what it is asked for: it is asked at each call, with a chain's tokens, keys and agents, among
 * a hundred thousand entries.
 */
export function createPlaces<Kept>(): Places<Kept> {
  const [tokens, keys, agents] = [new Map<string, Kept>(), new Map<string, Kept>(), new Map<string, Kept>()];
  /** By issuer: its users, and the keys and agents that are revoked in its chains alone. */
  const users = new Map<string, Place<Kept>>();
  const keysOf = new Map<string, Place<Kept>>();
  const agentsOf = new Map<string, Place<Kept>>();

  const placeOf = (target: RevocationTarget): readonly [Place<Kept>, string] => {
    if ("token" in target) return [tokens, target.token];
    if ("user" in target) return [placeIn(users, target.user.issuer), target.user.subject];
    if ("key" in target) return [target.issuer === undefined ? keys : placeIn(keysOf, target.issuer), target.key];
    return [target.issuer === undefined ? agents : placeIn(agentsOf, target.issuer), target.agent];
  };

  return {
    set: (target, kept) => {
      const [place, name] = placeOf(target);
      place.set(name, kept);
    },
    get: (target) => {
      const [place, name] = placeOf(target);
      return place.get(name);
    },
    delete: (target) => {
      const [place, name] = placeOf(target);
      place.delete(name);
    },
    first: (query, test) => {
      const { issuer, subject } = query.user;
      return (
        firstIn(users.get(issuer), [subject], test) ??
        firstIn(tokens, query.tokens, test) ??
        firstIn(keys, query.keys, test) ??
        firstIn(keysOf.get(issuer), query.keys, test) ??
        firstIn(agents, query.agents, test) ??
        firstIn(agentsOf.get(issuer), query.agents, test)
      );
    },
  };
}

function firstIn<Kept>(
  place: Place<Kept> | undefined,
  names: readonly string[],
  test: (kept: Kept) => boolean,
): Kept | undefined {
  if (place === undefined || place.size === 0) return undefined;
  for (const name of names) {
    const kept = place.get(name);
    if (kept !== undefined && test(kept)) return kept;
  }
  return undefined;
}

function placeIn<Kept>(places: Map<string, Place<Kept>>, issuer: string): Place<Kept> {
  const known = places.get(issuer) ?? new Map<string, Kept>();
  places.set(issuer, known);
  return known;
}
