import { sha256, verify } from "../crypto/index.ts";
import { HopwiseError } from "../errors.ts";
import type { Grant } from "../grant/index.ts";
import { type JsonValue, parseJsonBytes } from "../json/index.ts";
import {
  type DerivedClaims,
  grantOf,
  parseDerivedClaims,
  parseRootClaims,
  type RootClaims,
  type TokenClaims,
} from "./claims.ts";
import { type CompactJws, DERIVED_HEADER, FOREIGN_ED25519, ROOT_HEADER, splitJws } from "./jws.ts";
import { algorithmOf, type KnownKey } from "./key.ts";
import { type Limits, payloadDepth } from "./limits.ts";
import type { Thumbprint, TokenHash } from "./names.ts";
import { type AnchorKey, type AnchorKeys, checkAgainstAnchor } from "./trust.ts";

/** A token whose signature verified and whose claims were read. Its link to its parent is not checked yet. */
export interface OpenedToken<C extends TokenClaims = TokenClaims> {
  readonly claims: C;
  /** The grant of the token: the tools among its claims. */
  readonly grant: Grant;
  readonly hash: TokenHash;
}

/** The issuer's key that signed a root. */
export interface SigningKey {
  readonly kid: string;
  readonly thumbprint: Thumbprint;
}

const ASCII = /^[\x21-\x7e]+$/;

/** Step 1 (AAT draft, section 7): one chain, ASCII, within its bounds. Gives the texts of its tokens, root first. */
export function splitChain(compact: string, limits: Limits): readonly [string, ...string[]] {
  if (!ASCII.test(compact)) throw new HopwiseError("token_malformed", "the chain is empty or not printable ASCII");
  const texts = compact.split("~");
  if (texts.length > limits.chainTokens) {
    throw new HopwiseError("chain_depth_exceeded", `the chain has more than ${limits.chainTokens} tokens`);
  }
  for (const text of texts) checkLength("a token of the chain", text, limits.tokenBytes);
  return texts as [string, ...string[]];
}

/** @throws {HopwiseError} `token_too_large` */
export function checkLength(what: string, text: string, bytes: number): void {
  if (text.length <= bytes) return;
  throw new HopwiseError(
    "token_too_large",
    `${what} is longer than ${bytes} bytes; hand over fewer tools, or shorter constraints`,
  );
}

/**
 * Steps 2 to 4 for a root: finds the pinned key by its `kid`, checks the signature, then the claims, which must stay
 * within the key's anchor.
 */
export async function openRoot(
  text: string,
  anchors: AnchorKeys,
  limits: Limits,
): Promise<OpenedToken<RootClaims> & { readonly signedBy: SigningKey }> {
  const jws = splitJws(text, ROOT_HEADER, "token_malformed", "the root token");
  const kid = jws.header["kid"] as string;
  const candidates = await anchors.find(kid);
  if (candidates.length === 0) {
    throw new HopwiseError("token_untrusted_issuer", "no trusted issuer has a key of the root token's kid", {
      pointer: "/kid",
    });
  }
  const signer = await findSigner(jws, candidates);
  const claims = parseRootClaims(payloadOf(jws, limits), limits);
  checkAgainstAnchor(claims, signer.anchor, limits);
  const hash = (await sha256(jws.signingInput)) as TokenHash;
  return { claims, grant: grantOf(claims), hash, signedBy: { kid, thumbprint: signer.key.thumbprint } };
}

/** Steps 2 to 4 for a derived token: the holder of its parent signed it. */
export async function openDerived(
  text: string,
  { jwk, verification }: KnownKey,
  limits: Limits,
): Promise<OpenedToken<DerivedClaims>> {
  const jws = splitJws(text, DERIVED_HEADER, "token_malformed", "a derived token");
  if (jws.header["alg"] !== algorithmOf(jwk)) algorithmDiffers("a derived token");
  if (!(await verify(verification, jws.signingInput, jws.signature))) signatureInvalid("a derived token");
  const claims = parseDerivedClaims(payloadOf(jws, limits), limits);
  return { claims, grant: grantOf(claims), hash: (await sha256(jws.signingInput)) as TokenHash };
}

async function findSigner(jws: CompactJws, candidates: readonly AnchorKey[]): Promise<AnchorKey> {
  const fitting = candidates.filter((candidate) => maySignWith(candidate, jws.header["alg"]));
  if (fitting.length === 0) algorithmDiffers("the root token");
  for (const candidate of fitting) {
    if (await verify(candidate.key.verification, jws.signingInput, jws.signature)) return candidate;
  }
  return signatureInvalid("the root token");
}

function maySignWith({ anchor, key }: AnchorKey, alg: unknown): boolean {
  const own = algorithmOf(key.jwk);
  return own === alg || (anchor.foreign === true && own === "Ed25519" && alg === FOREIGN_ED25519);
}

function payloadOf({ payload }: CompactJws, limits: Limits): JsonValue {
  return parseJsonBytes(payload, {
    code: "token_malformed",
    what: "a token's payload",
    maxDepth: payloadDepth(limits),
  });
}

function algorithmDiffers(what: string): never {
  throw new HopwiseError(
    "token_alg_refused",
    `the algorithm of ${what} is not the one of the key that must have signed it`,
  );
}

function signatureInvalid(what: string): never {
  throw new HopwiseError("token_signature_invalid", `${what} was not signed by the key that must have signed it`);
}
