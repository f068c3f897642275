import { LRUCache } from "lru-cache";
import { HopwiseError } from "../../errors.ts";
import type { Chain } from "../claims/index.ts";
import { restoreChain } from "../compact/index.ts";
import { importKnownKey, type KnownKey, type Limits, type LongForm, type TokenHash } from "../keys/index.ts";
import { type AnchorsNow, checkAnchors, createAnchorKeys, type TrustAnchor } from "../trust/index.ts";
import { checkAlive } from "./check-link.ts";
import { holderOf, renewedOf, type SigningKey } from "./find-signer.ts";
import { openChain, type Verifying } from "./open-chain.ts";

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
  deadlineMs?: number,
): ChainVerifier {
  const trust = typeof given === "function" ? given : () => given;
  checkAnchors(trust());
  /** By the whole text: what differs in one character, such as of a signature, is another chain. */
  const verified = new LRUCache<LongForm, Chain>({ maxSize: CACHE_BYTES });
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
      const { signedBy } = await openChain(known.compact, { anchors, keyOf, limits, now });
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
      return (await openChain(compact, { anchors, keyOf, limits, now, expiry: () => {} })).chain;
    },
    verify: async (text, now) => {
      const compact = restoreChain(text, limits);
      const hit = verified.get(compact);
      if (hit !== undefined) {
        await lookAgain(hit, now);
        return hit;
      }
      const under = trust();
      const { chain, signedBy } = await openChain(compact, { anchors, keyOf, limits, now });
      mustBeAlive(chain, now);
      remembered.set(chain, { compact, signedBy, under });
      // Parsed claims take a few times the room of their text. An expired chain is refused at a hit, and falls out by itself.
      verified.set(compact, chain, { size: 1024 + 4 * compact.length });
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
    checkAlive(expiresAt, now);
    // Its operator sees a chain that is good for as long as the clock was ahead.
    const message = "the chain had expired by the clock here, which was put back since; have it delegated anew";
    throw new HopwiseError("token_expired", message, { pointer: "/exp" });
  };
}

function keyCache(): Verifying["keyOf"] {
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
