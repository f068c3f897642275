import type { PublicJwk } from "../../crypto/index.ts";
import { type Chain, grantOf, type Link, type Provenance, type RootClaims, type SourceClaim } from "../claims/index.ts";
import type { KnownKey, Limits, LongForm } from "../keys/index.ts";
import type { AnchorKeys } from "../trust/index.ts";
import { budgetBelow, checkChildBudget, checkRootBudget } from "./check-budget.ts";
import { type Above, broken, type checkAlive, checkLink, checkRoot } from "./check-link.ts";
import type { SigningKey } from "./find-signer.ts";
import { type OpenedToken, openDerived, openRoot, splitChain } from "./open-token.ts";

/** A verified chain, and the issuer's key that signed it: it stays valid only while that key is published. */
export interface Verified {
  readonly chain: Chain;
  readonly signedBy: SigningKey;
}

/** What a chain is held against. */
export interface Verifying {
  readonly anchors: AnchorKeys;
  readonly keyOf: (jwk: PublicJwk) => Promise<KnownKey>;
  readonly limits: Limits;
  readonly now: number;
  readonly expiry?: typeof checkAlive;
}

/**
 * All steps, token by token: each token is read only after its signature verified, and each link is checked only after
 * those above it.
 *
 * @throws {HopwiseError} `token_…`, `chain_…`, `principal_changed`; the first rule that fails
 */
export async function openChain(compact: LongForm, verifying: Verifying): Promise<Verified> {
  const { anchors, keyOf, limits, now, expiry } = verifying;
  const [first, ...derived] = splitChain(compact, limits);
  const root = await openRoot(first, anchors, limits);
  checkRoot(root.claims, limits, now, expiry);
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
export function below({ claims, hash }: OpenedToken, key: KnownKey, above: Above | undefined): Above {
  const root = above?.root ?? (claims as RootClaims);
  const audience = claims.aud ?? above?.audience ?? root.aud;
  const budget = budgetBelow(above === undefined ? root.budget : above.budget, claims.budget);
  return { claims, hash, key, root, audience, budget };
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

export function linkOf({ claims, hash, key, budget }: Above): Link {
  return {
    hash,
    jti: claims.jti,
    agent: claims.act.sub,
    key: key.thumbprint,
    jwk: key.jwk,
    grant: grantOf(claims),
    ...(budget !== undefined && { budget }),
    issuedAt: claims.iat,
    expiresAt: claims.exp,
  };
}
