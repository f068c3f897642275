import type { PublicJwk } from "../crypto/index.ts";
import { HopwiseError } from "../errors.ts";
import type { JsonValue } from "../json/index.ts";
import { grantOf, type RootClaims } from "./claims.ts";
import { KID } from "./jws.ts";
import { importKnownKey, type KnownKey, parsePublicJwk } from "./key.ts";
import type { Limits } from "./limits.ts";
import { isAudience } from "./names.ts";

/**
 * An issuer whose roots are accepted, and everything that its keys may say. What is pinned here holds at verification,
 * whatever the issuer signs.
 */
export interface TrustAnchor {
  /** The `iss` of its roots: an https URI. */
  readonly issuer: string;
  /** Its public keys by `kid`. At most four keys in all anchors may share a `kid`. */
  readonly keys: readonly TrustedKey[];
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

/** A public key of an issuer. */
export interface TrustedKey {
  readonly kid: string;
  readonly jwk: PublicJwk;
}

/** A {@link TrustAnchor}'s key, ready to verify, with whose it is. */
export interface AnchorKey {
  readonly anchor: TrustAnchor;
  readonly key: KnownKey;
}

export const DEFAULT_MAX_DEPTH = 3;
const MAX_KEYS_PER_KID = 4;

/** Every key of the anchors, by its `kid`. @throws {HopwiseError} `token_key_refused` */
export async function importAnchors(
  anchors: readonly TrustAnchor[],
): Promise<ReadonlyMap<string, readonly AnchorKey[]>> {
  const byKid = new Map<string, AnchorKey[]>();
  for (const anchor of anchors) {
    for (const { kid, jwk } of anchor.keys) {
      const entry = { anchor, key: await importKnownKey(jwk) };
      byKid.set(kid, [...(byKid.get(kid) ?? []), entry]);
    }
  }
  return byKid;
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
    if (anchor.keys.length === 0) invalid("an issuer without keys can sign nothing; give its public keys");
    if (anchor.audiences.length === 0 || !anchor.audiences.every(isAudience)) {
      invalid("audiences must be absolute URIs without a fragment, at least one");
    }
    for (const [k, { kid, jwk }] of anchor.keys.entries()) {
      if (!KID.test(kid)) invalid(`keys[${k}].kid must be up to 64 letters, digits, - and _`);
      parsePublicJwk({ ...jwk } as JsonValue, "config_invalid", `trust[${i}].keys[${k}].jwk`);
      const sharing = (keysPerKid.get(kid) ?? 0) + 1;
      if (sharing > MAX_KEYS_PER_KID) invalid(`keys[${k}]: more than ${MAX_KEYS_PER_KID} keys share the kid "${kid}"`);
      keysPerKid.set(kid, sharing);
    }
  }
}

/**
 * Whether a root says only what its anchor's keys may say.
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
