/** The signature algorithms a Hopwise key can have: `Ed25519` (RFC 9864) and `ES256` (RFC 7518, section 3.4). */
export type SignatureAlgorithm = "Ed25519" | "ES256";

/** A public key, exactly the members that RFC 7638 takes for a thumbprint. */
export type PublicJwk =
  | { readonly kty: "OKP"; readonly crv: "Ed25519"; readonly x: string }
  | { readonly kty: "EC"; readonly crv: "P-256"; readonly x: string; readonly y: string };

/** A public key ready to verify with; only the provider that made it can use `handle`. */
export interface VerificationKey {
  readonly algorithm: SignatureAlgorithm;
  readonly handle: unknown;
}

type Awaitable<T> = T | Promise<T>;

/**
 * What the token rules need of a platform. Two providers pass the same tests: WebCrypto, which is everywhere, and
 * `node:crypto`, which verifies without leaving the thread and so costs about half.
 */
export interface CryptoProvider {
  /** SHA-256, base64url without padding. */
  sha256(data: string | Uint8Array): Awaitable<string>;
  /** Rejects a key that is not a point on its curve. */
  importKey(jwk: PublicJwk): Awaitable<VerificationKey>;
  /** ES256 signatures are r and s, 32 bytes each (RFC 7518, section 3.4). Never rejects for a bad signature. */
  verify(key: VerificationKey, data: string, signature: Uint8Array): Awaitable<boolean>;
  /** The bytes of canonical base64url text; undefined where another text would give the same bytes. */
  decodeBase64url(text: string): Uint8Array | undefined;
  encodeBase64url(bytes: Uint8Array): string;
}
