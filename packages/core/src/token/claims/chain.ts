import type { PublicJwk } from "../../crypto/index.ts";
import type { Grant } from "../../grant/index.ts";
import type { ChainId, KnownKey, Thumbprint, TokenHash } from "../keys/index.ts";
import type { Budget } from "./budget.ts";

/** A verified chain: who handed what to whom. Roles and attributes are not in it: they come from directories. */
export interface Chain {
  /** H(root): the identity of everything that grows from this root. */
  readonly id: ChainId;
  /** The user or service at the origin. A user is everywhere the pair of issuer and subject. */
  readonly user: Subject;
  /** Which login stood behind the root, where its issuer says. */
  readonly login?: Provenance;
  /** One link a token, root first; the last one's holder makes the call. */
  readonly links: readonly Link[];
  /** The issuer's key that signed the root. */
  readonly rootKey: Thumbprint;
  /** The audience of the root; decides whether tool ids are qualified. */
  readonly rootAudience: readonly string[];
  /** Where the last holder may present the chain. */
  readonly audience: readonly string[];
  /** Earliest `exp` of the chain, in seconds since the epoch. */
  readonly expiresAt: number;
  /** The key that must sign proofs. */
  readonly holder: KnownKey;
}

/** A user or service: the issuer that vouches for it, and its name there. */
export interface Subject {
  readonly issuer: string;
  readonly subject: string;
}

/**
 * Which login stood behind a root, as its issuer says: for the record, never for a decision. Its subject is a name at
 * that provider; the chain acts for {@link Chain}.user.
 */
export interface Provenance {
  /** The login that the issuer saw: an OpenID Connect ID token, an OAuth access token, or one of its own. */
  readonly kind: "id_token" | "access_token" | "local";
  /** The provider that vouched for the login, and the user's name there. */
  readonly issuer: string;
  readonly subject: string;
  /** How the user was authenticated (`acr`, OpenID Connect Core, section 2). */
  readonly acr?: string;
  /** When, in seconds since the epoch. */
  readonly authTime?: number;
}

/** The content of one token of a chain. */
export interface Link {
  /** H(t): this token's identity. */
  readonly hash: TokenHash;
  /** `jti`, for logs only: its maker chooses it. */
  readonly jti: string;
  /** The agent it was made for. A name until the registry confirms the key. */
  readonly agent: string;
  /** The key the agent must hold. */
  readonly key: Thumbprint;
  /** That key itself, to compare with the ones that a registry pins. */
  readonly jwk: PublicJwk;
  readonly grant: Grant;
  /** What may be spent here and below, in all: as this token says, and where it says nothing, those above it. */
  readonly budget?: Budget;
  readonly issuedAt: number;
  readonly expiresAt: number;
}
