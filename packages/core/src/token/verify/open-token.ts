import { sha256 } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import {
  type DerivedClaims,
  parseDerivedClaims,
  parseRootClaims,
  type RootClaims,
  type TokenClaims,
} from "../claims/index.ts";
import { checkLength, tooManyTokens } from "../compact/index.ts";
import {
  DERIVED_HEADER,
  type KnownKey,
  type Limits,
  type LongForm,
  payloadOf,
  ROOT_HEADER,
  splitJws,
  type TokenHash,
} from "../keys/index.ts";
import { type AnchorKeys, checkAgainstAnchor, type TrustAnchor } from "../trust/index.ts";
import { checkSignature, findSigner, type SigningKey, signerNamed } from "./find-signer.ts";
import { unknownSigner } from "./unknown-signer.ts";

/** A token whose signature verified and whose claims were read. Its link to its parent is not checked yet. */
export interface OpenedToken<C extends TokenClaims = TokenClaims> {
  readonly claims: C;
  readonly hash: TokenHash;
}

const ASCII = /^[\x21-\x7e]+$/;
/** What is between may have folded a long header, or put a line break at its end. */
const NO_CHAIN =
  "the chain is empty, or has a space, a line break or another character that no chain has; send it as it was made";

/** Step 1 (AAT draft, section 7): one chain, ASCII, within its bounds. Gives the texts of its tokens, root first. */
export function splitChain(compact: LongForm, limits: Limits): readonly [string, ...string[]] {
  if (!ASCII.test(compact)) throw new HopwiseError("token_malformed", NO_CHAIN);
  const texts = compact.split("~");
  if (texts.length > limits.chainTokens) tooManyTokens(limits.chainTokens);
  for (const text of texts) checkLength("a token of the chain", text, "tokenBytes", limits);
  return texts as [string, ...string[]];
}

/**
 * Steps 2 to 4 for a root: finds a pinned key of its `kid` that signed it, and only then reads the claims. They name the
 * issuer, whose anchor must have that very key, and whose bounds they must keep. Whoever else publishes the key, has
 * others under the `kid`, or does not answer, neither helps nor hinders.
 */
export async function openRoot(
  text: string,
  anchors: AnchorKeys,
  limits: Limits,
): Promise<OpenedToken<RootClaims> & { readonly signedBy: SigningKey; readonly anchor: TrustAnchor }> {
  const jws = splitJws(text, ROOT_HEADER, "token_malformed", "the root token");
  const kid = jws.header["kid"] as string;
  const asked = anchors.ask(kid);
  const found = await findSigner(jws, asked).catch((refused: HopwiseError) => {
    if (refused.code !== "token_untrusted_issuer") throw refused;
    throw unknownSigner(jws, asked);
  });
  const claims = parseRootClaims(payloadOf(jws, limits), limits);
  const { key, anchor } = await signerNamed(jws, claims.iss, found);
  const signedBy: SigningKey = { issuer: claims.iss, kid, thumbprint: key.thumbprint };
  checkAgainstAnchor(claims, anchor, limits);
  return { claims, hash: (await sha256(jws.signingInput)) as TokenHash, signedBy, anchor };
}

/** Steps 2 to 4 for a derived token: the holder of its parent signed it. */
export async function openDerived(text: string, key: KnownKey, limits: Limits): Promise<OpenedToken<DerivedClaims>> {
  const jws = splitJws(text, DERIVED_HEADER, "token_malformed", "a derived token");
  await checkSignature(jws, key, "a derived token");
  const claims = parseDerivedClaims(payloadOf(jws, limits), limits);
  return { claims, hash: (await sha256(jws.signingInput)) as TokenHash };
}
