/** Kinds of keys that people have, and Hopwise takes none of. Nothing else of a key is shown. */
const OTHER_KINDS = ["RSA", "oct", "P-384", "P-521", "secp256k1", "X25519", "Ed448"];

interface Jwk {
  readonly kty?: unknown;
  readonly crv?: unknown;
  readonly d?: unknown;
  readonly k?: unknown;
}

/** What a JWK is, in words: its half, and its kind where that is none of ours. */
export function keyWords({ kty, crv, d, k }: Jwk): string {
  const half = d !== undefined || k !== undefined ? "private" : "public";
  const kind = OTHER_KINDS.find((name) => name === crv) ?? OTHER_KINDS.find((name) => name === kty);
  return kind === undefined ? `a ${half} key` : `a ${half} key of another kind, ${kind}`;
}

/** What most key services and programs write, of which Node.js makes a JWK. */
export function pemWords(text: string): string | undefined {
  if (!text.trimStart().startsWith("-----BEGIN ")) return undefined;
  return 'a PEM text: createPrivateKey or createPublicKey of node:crypto reads it, and its export({ format: "jwk" }) is a JWK';
}

/** A signer in the place of a key; or one that is refused itself, by a member that key services put beside the others. */
export function signerWords({ publicJwk }: { readonly publicJwk: unknown }): string {
  const isMore = Object.keys(Object(publicJwk)).some((name) => !["kty", "crv", "x", "y"].includes(name));
  if (!isMore) return "a signer; its publicJwk is the public key";
  return "a signer whose publicJwk has other members, too";
}
