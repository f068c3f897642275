import type { Awaitable, Health } from "../lib/index.ts";
import type { Subject, Thumbprint, TokenHash } from "../token/index.ts";

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
 * holder, or an issuer's: then everything that it signed. With an issuer, a key or an agent is revoked in that issuer's
 * chains alone.
 */
export type RevocationTarget =
  | { readonly token: TokenHash }
  | { readonly key: Thumbprint; readonly issuer?: string }
  | { readonly agent: string; readonly issuer?: string }
  /** Everything that was issued for the user before a time, in seconds since the epoch. */
  | { readonly user: Subject; readonly notBefore: number };

/** The rules by which a call is refused that stands on an agent or a key: a new chain of the same would be refused, too. */
export const AGENT_REVOKED = "an agent of the chain was revoked";
export const KEY_REVOKED = "a key of the chain was revoked";

/** Knows everything that was revoked. Asked at each call, also for chains that verified before. */
export interface RevocationStore {
  /**
   * The first target that the query meets. Throws where it cannot tell: then the call is denied.
   *
   * @param maxAgeMs how old the answer may be, in milliseconds: what somebody was told so long ago will do. Left out: it is
   *   as of now. A store may tell what is newer
   */
  find(query: RevocationQuery, maxAgeMs?: number): Awaitable<RevocationTarget | undefined>;
  /** Whether it could tell just now, and why not. Left out: it says nothing of itself. */
  health?(): Awaitable<Health>;
}
