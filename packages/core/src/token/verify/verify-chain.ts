import { LRUCache } from "lru-cache";
import { type PublicJwk, sha256 } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import type { Chain, Link, Provenance, RootClaims, SourceClaim } from "../claims/index.ts";
import { restoreChain } from "../compact/index.ts";
import { importKnownKey, type KnownKey, type Limits, type LongForm, type TokenHash } from "../keys/index.ts";
import { type AnchorKeys, type AnchorsNow, checkAnchors, createAnchorKeys, type TrustAnchor } from "../trust/index.ts";
import { budgetBelow, checkChildBudget, checkRootBudget } from "./check-budget.ts";
import { type Above, broken, checkAlive, checkLink, checkRoot } from "./check-link.ts";
import {
  holderOf,
  type OpenedToken,
  openDerived,
  openRoot,
  renewedOf,
  type SigningKey,
  splitChain,
} from "./open-token.ts";

/** Verifies chains against the trust anchors of the moment, and remembers those that verified. */
export interface ChainVerifier {
  /**
   * Verifies a chain offline: signatures, links, narrowing, times (AAT draft, section 7, steps 1 to 5).
   *
   * @param text the tokens, root first, joined by `~`, or their compact form
   * @param nowSeconds the verifier's clock, seconds since the epoch
   * @throws {HopwiseError} `token_…`, `chain_…`, `principal_changed`; the first rule that fails
   */
  verify(text: string, nowSeconds: number): Promise<Chain>;
  /**
   * Looks at a chain again that this verifier gave: it is alive, and the key that signed its root is still published. What
   * a signature said once it says for ever, so none is checked; but where the anchors were replaced since, all of it is.
   *
   * @throws {HopwiseError} `token_expired`, `token_untrusted_issuer`, `issuer_keys_unavailable`; after another set of anchors
   *   as {@link verify}
   */
  lookAgain(chain: Chain, nowSeconds: number): Promise<void>;
  /**
   * Verifies all of a chain but that it is alive. What it gives allows nothing: it says whose a chain is that expired, for
   * the record.
   *
   * @throws {HopwiseError} as {@link verify}, but for `token_expired`
   */
  verifyExpired(text: string, nowSeconds: number): Promise<Chain>;
}

/** How many bytes of verified chains a verifier remembers. */
const CACHE_BYTES = 16 * 1024 * 1024;
/** How many tokens that expired after they had verified are known. */
const EXPIRED_ENTRIES = 10_000;
const KEY_CACHE_ENTRIES = 1024;
/** A cache of so many entries would lay them all out when it is made, for every authorizer; one of a size grows. */
const ONE = { size: 1 } as const;

interface Remembered {
  readonly compact: LongForm;
  readonly signedBy: SigningKey;
  /** The anchors that were in force then. */
  readonly under: ReturnType<AnchorsNow>;
}

/**
 * Makes a verifier. No key is imported twice; two verifiers share nothing.
 *
 * @param given anchors that stay, or what gives those of the moment: then those of before allow nothing any more, whatever
 *   verified under them
 * @param deadlineMs how long the published keys of an issuer may take
 * @throws {HopwiseError} `config_invalid` for a trust anchor that cannot be right
 */
export function createChainVerifier(
  given: readonly TrustAnchor[] | AnchorsNow,
  limits: Limits,
  deadlineMs = 1000,
): ChainVerifier {
  const trust = typeof given === "function" ? given : () => given;
  checkAnchors(trust());
  const verified = new LRUCache<string, Chain>({ maxSize: CACHE_BYTES });
  const remembered = new WeakMap<Chain, Remembered>();
  const mustBeAlive = createExpiry();
  const keyOf = keyCache();
  const anchors = createAnchorKeys(trust, keyOf, deadlineMs);

  const lookAgain: ChainVerifier["lookAgain"] = async (chain, now) => {
    const known = remembered.get(chain);
    if (known === undefined) throw new HopwiseError("token_malformed", "the chain is not one that was verified here");
    mustBeAlive(chain, now);
    const under = trust();
    if (known.under !== under) {
      const { signedBy } = await verifyCold(known.compact, { anchors, keyOf, limits, now });
      remembered.set(chain, { ...known, signedBy, under });
      return;
    }
    const signer = known.signedBy;
    // Asks the chain's own issuer, and nobody else; once more where another key stands under the kid, which may have been a slip.
    const asked = anchors.ask(signer.kid, signer.issuer);
    if ((await holderOf(asked, signer.thumbprint)) !== undefined) return;
    if ((await holderOf(renewedOf(asked), signer.thumbprint)) !== undefined) return;
    const message = `the key "${signer.kid}" of "${signer.issuer}", which signed the root, is not published any more`;
    throw new HopwiseError("token_untrusted_issuer", message, { pointer: "/kid" });
  };

  return {
    lookAgain,
    verifyExpired: async (text, now) => {
      const compact = restoreChain(text, limits);
      return (await verifyCold(compact, { anchors, keyOf, limits, now, expiry: () => {} })).chain;
    },
    verify: async (text, now) => {
      const compact = restoreChain(text, limits);
      const name = await sha256(compact);
      const hit = verified.get(name);
      if (hit !== undefined) {
        await lookAgain(hit, now);
        return hit;
      }
      const under = trust();
      const { chain, signedBy } = await verifyCold(compact, { anchors, keyOf, limits, now });
      mustBeAlive(chain, now);
      remembered.set(chain, { compact, signedBy, under });
      // Parsed claims take a few times the room of their text. An expired chain is refused at a hit, and falls out by itself.
      verified.set(name, chain, { size: 1024 + 4 * compact.length });
      return chain;
    },
  };
}

/**
 * A chain that expired once stays expired, where the clock steps back. Others are judged by what the clock says. It is
 * known by the hash of each token that expired, so that no child of it lives either, and not by its text: of an ECDSA
 * signature anybody can make another.
 */
function createExpiry(): (chain: Chain, now: number) => void {
  const expired = new LRUCache<TokenHash, true>({ maxSize: EXPIRED_ENTRIES });
  return ({ links, expiresAt }, now) => {
    if (expiresAt > now && (expired.size === 0 || !links.some(({ hash }) => expired.has(hash)))) return;
    for (const link of links) if (link.expiresAt <= now) expired.set(link.hash, true, ONE);
    // What had expired stays so, also where the clock is put back.
    checkAlive(Math.min(expiresAt, now), now);
  };
}

type KeyOf = (jwk: PublicJwk) => Promise<KnownKey>;

function keyCache(): KeyOf {
  const keys = new LRUCache<string, KnownKey>({ maxSize: KEY_CACHE_ENTRIES });
  return async (jwk) => {
    const name = jwk.kty === "EC" ? `${jwk.x}.${jwk.y}` : jwk.x;
    const known = keys.get(name);
    if (known !== undefined) return known;
    const imported = await importKnownKey(jwk);
    keys.set(name, imported, ONE);
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
  readonly expiry?: typeof checkAlive;
}

/**
 * All steps, token by token: each token is read only after its signature verified, and each link is checked only after
 * those above it.
 */
async function verifyCold(compact: LongForm, verifying: Verifying): Promise<Verified> {
  const { anchors, keyOf, limits, now, expiry } = verifying;
  const [first, ...derived] = splitChain(compact, limits);
  const root = await openRoot(first, anchors, limits);
  checkRoot(root, limits, now, expiry);
  const { claims, signedBy, anchor } = root;
  const { iss, sub, aud, cnf, hw_src } = claims;
  let last = below(root, await keyOf(cnf.jwk), undefined);
  checkRootBudget(claims, anchor.sharedBudgets === true);
  const links = [linkOf(last)];
  for (const text of derived) {
    last = await openChild(text, last, links, verifying);
    links.push(linkOf(last));
  }
  const chain: Chain = {
    id: root.hash,
    // Callers see this very object, and the chain is remembered.
    user: Object.freeze({ issuer: iss, subject: sub }),
    ...(hw_src !== undefined && { login: provenanceOf(hw_src) }),
    links,
    rootKey: signedBy.thumbprint,
    rootAudience: aud,
    audience: last.audience,
    expiresAt: last.claims.exp, // no child outlives its parent, so the last is the earliest
    holder: last.key,
  };
  return { chain, signedBy };
}

/**
 * A derived token that passes every rule of its own (`spec/delegation-token.md`, V2 to V6), in their order.
 *
 * @param before all tokens above it
 */
export async function openChild(
  text: string,
  above: Above,
  before: readonly Pick<Link, "jti">[],
  { keyOf, limits, now, expiry }: Omit<Verifying, "anchors">,
): Promise<Above> {
  const opened = await openDerived(text, above.key, limits);
  checkLink(opened, above, limits, now, expiry);
  const own = below(opened, await keyOf(opened.claims.cnf.jwk), above);
  if (before.some(({ jti }) => jti === opened.claims.jti)) {
    broken("chain_link_broken", "/jti", "each token of a chain has a jti of its own", before.length + 1);
  }
  checkChildBudget(opened.claims, above);
  return own;
}

/** A token with what holds from here on down. Without one above it, it is a root. */
export function below({ claims, grant, hash }: OpenedToken, key: KnownKey, above: Above | undefined): Above {
  const root = above?.root ?? (claims as RootClaims);
  const audience = claims.aud ?? above?.audience ?? root.aud;
  const budget = budgetBelow(above === undefined ? root.budget : above.budget, claims.budget);
  return { claims, grant, hash, key, root, audience, budget };
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

export function linkOf({ claims, grant, hash, key, budget }: Above): Link {
  return {
    hash,
    jti: claims.jti,
    agent: claims.act.sub,
    key: key.thumbprint,
    jwk: key.jwk,
    grant,
    ...(budget !== undefined && { budget }),
    issuedAt: claims.iat,
    expiresAt: claims.exp,
  };
}
