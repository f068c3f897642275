import type { Subject, Thumbprint, TokenHash } from "../token/index.ts";

type Awaitable<T> = T | Promise<T>;

/** Everything that a call relies on and that may have been revoked. */
export interface RevocationQuery {
  /** H(t) of every token, root first: revoking a token revokes every chain below it. */
  readonly tokens: readonly TokenHash[];
  readonly keys: readonly Thumbprint[];
  readonly agents: readonly string[];
  readonly user: Subject;
  /** When the root was issued, in seconds since the epoch; now, for a user without a chain. */
  readonly issuedAt: number;
}

/** A revoked token, key, agent or user. A chain is revoked by its root: its id is that token's hash. */
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
   * Effective on the next call.
   *
   * @param untilMs when the entry may be forgotten, in milliseconds since the epoch: once every token that it revokes
   *   has expired. Default: never.
   */
  revoke(target: RevocationTarget, untilMs?: number): void;
}

/** Remembers revocations in memory, for one process. */
export function memoryRevocations(clock: () => number = Date.now): MemoryRevocations {
  const entries = new Map<string, { readonly target: RevocationTarget; readonly untilMs: number }>();

  const live = (key: string): RevocationTarget | undefined => {
    const entry = entries.get(key);
    if (entry === undefined || entry.untilMs > clock()) return entry?.target;
    entries.delete(key);
    return undefined;
  };

  return {
    revoke: (target, untilMs = Number.POSITIVE_INFINITY) => {
      entries.set(keyOf(target), { target, untilMs });
    },
    find: ({ tokens, keys, agents, user: whose, issuedAt }) => {
      const user = live(userKey(whose));
      if (user !== undefined && "user" in user && issuedAt < user.notBefore) return user;
      for (const key of [
        ...tokens.map((token) => keyOf({ token })),
        ...keys.map((key) => keyOf({ key })),
        ...agents.map((agent) => keyOf({ agent })),
      ]) {
        const target = live(key);
        if (target !== undefined) return target;
      }
      return undefined;
    },
  };
}

function keyOf(target: RevocationTarget): string {
  if ("token" in target) return `token ${target.token}`;
  if ("key" in target) return `key ${target.key}`;
  // Records and policies show agents with this prefix; both spellings mean the same agent.
  if ("agent" in target) return `agent ${target.agent.replace(/^agent:/, "")}`;
  return userKey(target.user);
}

function userKey({ issuer, subject }: Subject): string {
  return `user ${JSON.stringify([issuer, subject])}`;
}
