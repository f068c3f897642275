import { LRUCache } from "lru-cache";
import { type PublicJwk, sha256 } from "../crypto/index.ts";
import { HopwiseError } from "../errors.ts";
import type { Chain, Link, Provenance } from "./chain.ts";
import { type Above, broken, checkAlive, checkLink, checkRoot } from "./check-link.ts";
import type { SourceClaim } from "./claims.ts";
import { importKnownKey, type KnownKey } from "./key.ts";
import type { Limits } from "./limits.ts";
import { checkLength, openDerived, openRoot, type SigningKey, splitChain } from "./open-token.ts";
import { type AnchorKeys, checkKids, createAnchorKeys, type TrustAnchor } from "./trust.ts";

/** Verifies chains against one set of trust anchors, and remembers those that verified. */
export interface ChainVerifier {
  /**
   * Verifies a chain offline: signatures, links, narrowing, times (AAT draft, section 7, steps 1 to 5).
   *
   * @param compact the tokens, root first, joined by `~`
   * @param nowSeconds the verifier's clock, seconds since the epoch
   * @throws {HopwiseError} `token_…`, `chain_…`, `principal_changed`; the first rule that fails
   */
  verify(compact: string, nowSeconds: number): Promise<Chain>;
}

/** How many bytes of verified chains a verifier remembers. */
const CACHE_BYTES = 16 * 1024 * 1024;
const KEY_CACHE_ENTRIES = 1024;

/**
 * Makes a verifier. No key is imported twice; two verifiers share nothing.
 *
 * @throws {HopwiseError} `config_invalid` for a trust anchor that cannot be right
 */
export function createChainVerifier(trust: readonly TrustAnchor[], limits: Limits): ChainVerifier {
  checkKids(trust);
  const verified = new LRUCache<string, Verified>({ maxSize: CACHE_BYTES });
  const keyOf = keyCache();
  const anchors = createAnchorKeys(trust, keyOf);
  return {
    verify: async (compact, now) => {
      checkLength("the chain", compact, limits.chainBytes);
      const name = await sha256(compact);
      const hit = verified.get(name);
      if (hit !== undefined) {
        checkAlive(hit.chain.expiresAt, now);
        await checkStillTrusted(hit.signedBy, anchors);
        return hit.chain;
      }
      const cold = await verifyCold(compact, { anchors, keyOf, limits, now });
      // Parsed claims take a few times the room of their text. An expired chain is refused at a hit, and falls out by itself.
      verified.set(name, cold, { size: 1024 + 4 * compact.length });
      return cold.chain;
    },
  };
}

type KeyOf = (jwk: PublicJwk) => Promise<KnownKey>;

function keyCache(): KeyOf {
  const keys = new LRUCache<string, KnownKey>({ max: KEY_CACHE_ENTRIES });
  return async (jwk) => {
    const name = jwk.kty === "EC" ? `${jwk.x}.${jwk.y}` : jwk.x;
    const known = keys.get(name);
    if (known !== undefined) return known;
    const imported = await importKnownKey(jwk);
    keys.set(name, imported);
    return imported;
  };
}

/** A verified chain, and the issuer's key that signed it: it stays valid only while that key is published. */
interface Verified {
  readonly chain: Chain;
  readonly signedBy: SigningKey;
}

interface Verifying {
  readonly anchors: AnchorKeys;
  readonly keyOf: KeyOf;
  readonly limits: Limits;
  readonly now: number;
}

/**
 * All steps, token by token: each token is read only after its signature verified, and each link is checked only after
 * those above it.
 */
async function verifyCold(compact: string, { anchors, keyOf, limits, now }: Verifying): Promise<Verified> {
  const [first, ...derived] = splitChain(compact, limits);
  const root = await openRoot(first, anchors, limits);
  checkRoot(root, limits, now);
  const { claims: rootClaims, grant, hash, signedBy } = root;
  const { iss, sub, aud, cnf, hw_src } = rootClaims;
  let last: Above = { claims: rootClaims, grant, hash, key: await keyOf(cnf.jwk), root: rootClaims, audience: aud };
  const links = [linkOf(last)];
  for (const text of derived) {
    const opened = await openDerived(text, last.key, limits);
    checkLink(opened, last, limits, now);
    const { claims } = opened;
    const audience = claims.aud ?? last.audience;
    last = {
      claims,
      grant: opened.grant,
      hash: opened.hash,
      key: await keyOf(claims.cnf.jwk),
      root: rootClaims,
      audience,
    };
    const link = linkOf(last);
    if (links.some(({ jti }) => jti === link.jti)) {
      broken("chain_link_broken", "/jti", "each token of a chain has a jti of its own", links.length + 1);
    }
    links.push(link);
  }
  const chain: Chain = {
    id: root.hash,
    user: { issuer: iss, subject: sub },
    ...(hw_src !== undefined && { login: provenanceOf(hw_src) }),
    links,
    rootAudience: aud,
    audience: last.audience,
    expiresAt: last.claims.exp, // no child outlives its parent, so the last is the earliest
    holder: last.key,
  };
  return { chain, signedBy };
}

async function checkStillTrusted({ kid, thumbprint }: SigningKey, anchors: AnchorKeys): Promise<void> {
  const keys = await anchors.find(kid);
  if (!keys.some(({ key }) => key.thumbprint === thumbprint)) {
    throw new HopwiseError("token_untrusted_issuer", "the key that signed the root is not published any more", {
      pointer: "/kid",
    });
  }
}

export function provenanceOf({ kind, iss, sub, acr, auth_time }: SourceClaim): Provenance {
  return {
    kind,
    issuer: iss,
    subject: sub,
    ...(acr !== undefined && { acr }),
    ...(auth_time !== undefined && { authTime: auth_time }),
  };
}

export function linkOf({ claims, grant, hash, key }: Above): Link {
  return {
    hash,
    jti: claims.jti,
    agent: claims.act.sub,
    key: key.thumbprint,
    jwk: key.jwk,
    grant,
    issuedAt: claims.iat,
    expiresAt: claims.exp,
  };
}
