import { CLOCK, readerOf, secondsBy } from "../options/index.ts";
import type { Subject, Thumbprint, TokenHash } from "../token/index.ts";
import {
  isRevoked,
  type Revocation,
  readRevocation,
  revocationKey,
  revocationKeys,
  stricterOf,
} from "./revocation-rules.ts";

type Awaitable<T> = T | Promise<T>;

/** Everything that a call relies on and that may have been revoked. */
export interface RevocationQuery {
  /** H(t) of every token, root first: revoking a token revokes every chain below it. */
  readonly tokens: readonly TokenHash[];
  /** The issuer's key that signed the root, and the key of each holder. */
  readonly keys: readonly Thumbprint[];
  readonly agents: readonly string[];
  readonly user: Subject;
  /** When the root was issued, in seconds since the epoch; now, for a user without a chain. */
  readonly issuedAt: number;
}

/**
 * A revoked token, key, agent or user. A chain is revoked by its root: its id is that token's hash. A key is that of a
 * holder, or an issuer's: then everything that it signed.
 */
export type RevocationTarget =
  | { readonly token: TokenHash }
  | { readonly key: Thumbprint }
  | { readonly agent: string }
  /** Everything that was issued for the user before a time, in seconds since the epoch. */
  | { readonly user: Subject; readonly notBefore: number };

/** Knows everything that was revoked. Asked at each call, also for chains that verified before. */
export interface RevocationStore {
  /** The first target that the query meets. Throws where it cannot tell: then the call is denied. */
  find(query: RevocationQuery): Awaitable<RevocationTarget | undefined>;
}

/** A {@link RevocationStore} in memory, for one process. */
export interface MemoryRevocations extends RevocationStore {
  /**
   * Effective on the next call. Of two revocations of one target, the stricter of each bound holds.
   *
   * @param untilSeconds when the entry may be forgotten, in seconds since the epoch, such as a delegation's `expiresAt`:
   *   once every token that it revokes has expired. Default: never.
   * @throws {HopwiseError} `config_invalid` for a target that names nothing, and for a time that is past, not finite or
   *   in milliseconds; the `notBefore` of a user may be past
   */
  revoke(target: RevocationTarget, untilSeconds?: number): void;
}

/** How many entries are kept before those that have lapsed are looked for. */
const ROOM = 1024;
/** An entry is forgotten so long after its end: a clock that jumped ahead and back must not have cost it. */
const DAY_SECONDS = 86_400;

const readClock = readerOf<() => number>("memoryRevocations", CLOCK);

/**
 * Remembers revocations in memory, for one process.
 *
 * @param given the clock, in milliseconds since the epoch
 * @throws {HopwiseError} `config_invalid` for what is no clock
 */
export function memoryRevocations(given: () => number = Date.now): MemoryRevocations {
  const clock = readClock(given);
  const entries = new Map<string, Revocation>();
  let room = ROOM;

  const forget = (now: number): void => {
    for (const [key, { untilSeconds = Number.POSITIVE_INFINITY }] of entries) {
      if (untilSeconds + DAY_SECONDS <= now) entries.delete(key);
    }
    room = Math.max(ROOM, 2 * entries.size);
  };

  return {
    revoke: (target, untilSeconds) => {
      const now = secondsBy(clock);
      const asked = readRevocation(target, untilSeconds, now);
      const key = revocationKey(asked.target);
      const known = entries.get(key);
      if (entries.size >= room) forget(now);
      entries.set(key, known === undefined ? asked : stricterOf(known, asked));
    },
    find: (query) => {
      const now = secondsBy(clock);
      for (const key of revocationKeys(query)) {
        const entry = entries.get(key);
        if (entry !== undefined && isRevoked(entry, query, now)) return entry.target;
      }
      return undefined;
    },
  };
}
