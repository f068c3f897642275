import type { PublicJwk } from "../crypto/index.ts";
import { HopwiseError } from "../errors.ts";
import type { JsonValue } from "../json/index.ts";
import { grantOf, type RootClaims } from "./claims.ts";
import type { KeySource, TrustedKey } from "./jwks.ts";
import { KID } from "./jws.ts";
import { type KnownKey, parsePublicJwk } from "./key.ts";
import type { Limits } from "./limits.ts";
import { isAudience } from "./names.ts";

/**
 * An issuer whose roots are accepted, and the bounds of these roots. The verifier enforces the bounds, even where the
 * issuer signs more.
 */
export interface TrustAnchor {
  /** The `iss` of its roots: an https URI. */
  readonly issuer: string;
  /** Its public keys by `kid`, or where they are published. At most four keys in all anchors may share a `kid`. */
  readonly keys: readonly TrustedKey[] | KeySource;
  /**
   * Whether the issuer runs other software than Hopwise, which may write `alg` as the AAT draft does (Appendix B.1):
   * `EdDSA`, here with an Ed25519 key only. All other rules stay the same. Default false.
   */
  readonly foreign?: boolean;
  /** The enforcement points it may name in `aud`. */
  readonly audiences: readonly string[];
  /** The users and services it may name in `sub`. `"any"` is right only for an issuer whose directory is the only one. */
  readonly subjects: readonly string[] | ((subject: string) => boolean) | "any";
  /** The tool ids it may hand over. */
  readonly tools: readonly string[] | "any";
  /** Longest lifetime of its roots, in seconds; at most the verifier's own limit. Default 24 hours. */
  readonly lifetimeSeconds?: number;
  /** Highest `del_max_depth` of its roots: how many agents may stand behind the first. Default 3. */
  readonly maxDepth?: number;
}

/** A {@link TrustAnchor}'s key, ready to verify, with its anchor. */
export interface AnchorKey {
  readonly anchor: TrustAnchor;
  readonly key: KnownKey;
}

export const DEFAULT_MAX_DEPTH = 3;
const MAX_KEYS_PER_KID = 4;

/** The keys of all anchors, by `kid`. */
export interface AnchorKeys {
  /** The keys that may have signed a root with this `kid`: at most four, of all anchors together. */
  find(kid: string): Promise<readonly AnchorKey[]>;
}

/**
 * Reads trust anchors: keys that are given once, keys that are published anew each time.
 *
 * @param importKey imports a key, remembering those it saw before
 */
export function createAnchorKeys(
  anchors: readonly TrustAnchor[],
  importKey: (jwk: PublicJwk) => Promise<KnownKey>,
): AnchorKeys {
  return {
    find: async (kid) => {
      const found: AnchorKey[] = [];
      for (const anchor of anchors) {
        const keys = isPublished(anchor.keys) ? await anchor.keys.find(kid) : anchor.keys;
        for (const { kid: own, jwk } of keys) {
          if (own === kid && found.length < MAX_KEYS_PER_KID) found.push({ anchor, key: await importKey(jwk) });
        }
      }
      return found;
    },
  };
}

function isPublished(keys: TrustAnchor["keys"]): keys is KeySource {
  return !Array.isArray(keys);
}

/**
 * Refuses trust anchors that cannot be right, before anything is verified with them.
 *
 * @throws {HopwiseError} `config_invalid` naming the anchor and the member
 */
export function checkAnchors(anchors: readonly TrustAnchor[]): void {
  const keysPerKid = new Map<string, number>();
  for (const [i, anchor] of anchors.entries()) {
    const invalid = (problem: string): never => {
      throw new HopwiseError("config_invalid", `trust[${i}]: ${problem}`);
    };
    if (!anchor.issuer.startsWith("https://") || !isAudience(anchor.issuer)) invalid("issuer must be an https URI");
    const keys = isPublished(anchor.keys) ? undefined : anchor.keys;
    if (keys?.length === 0) invalid("an issuer without keys can sign nothing; give its public keys");
    if (anchor.audiences.length === 0 || !anchor.audiences.every(isAudience)) {
      invalid("audiences must be absolute URIs without a fragment, at least one");
    }
    for (const [k, { kid, jwk }] of (keys ?? []).entries()) {
      if (typeof kid !== "string" || !KID.test(kid))
        invalid(`keys[${k}].kid must be up to 64 letters, digits, - and _; a key is { kid, jwk }`);
      parsePublicJwk({ ...jwk } as JsonValue, "config_invalid", `trust[${i}].keys[${k}].jwk`);
      const sharing = (keysPerKid.get(kid) ?? 0) + 1;
      if (sharing > MAX_KEYS_PER_KID) invalid(`keys[${k}]: more than ${MAX_KEYS_PER_KID} keys share the kid "${kid}"`);
      keysPerKid.set(kid, sharing);
    }
  }
}

/**
 * Checks that a root stays within its anchor's bounds.
 *
 * @throws {HopwiseError} `token_untrusted_issuer` with the claim that goes beyond
 */
export function checkAgainstAnchor(claims: RootClaims, anchor: TrustAnchor, limits: Limits): void {
  const refuse = (pointer: string, rule: string): never => {
    throw new HopwiseError("token_untrusted_issuer", `the issuer may not say this: ${rule}`, { pointer, rule });
  };
  const { subjects, tools } = anchor;
  if (claims.iss !== anchor.issuer) refuse("/iss", "the key that signed belongs to another issuer");
  const named =
    subjects === "any" || (typeof subjects === "function" ? subjects(claims.sub) : subjects.includes(claims.sub));
  if (!named) refuse("/sub", "its anchor does not let it name this subject");
  if (!claims.aud.every((name) => anchor.audiences.includes(name)))
    refuse("/aud", "its anchor does not let it name this audience");
  if (tools !== "any" && !Object.keys(grantOf(claims)).every((id) => tools.includes(id))) {
    refuse("/authorization_details/0/tools", "its anchor does not let it hand over this tool");
  }
  const lifetime = Math.min(anchor.lifetimeSeconds ?? limits.lifetimeSeconds, limits.lifetimeSeconds);
  if (claims.exp - claims.iat > lifetime) refuse("/exp", `a root may live ${lifetime} seconds`);
  if (claims.del_max_depth > (anchor.maxDepth ?? DEFAULT_MAX_DEPTH)) {
    refuse("/del_max_depth", `a root may allow a depth of ${anchor.maxDepth ?? DEFAULT_MAX_DEPTH}`);
  }
}
