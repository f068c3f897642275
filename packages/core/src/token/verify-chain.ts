import { LRUCache } from "lru-cache";
import { type PublicJwk, sha256, verify } from "../crypto/index.ts";
import { HopwiseError } from "../errors.ts";
import { findWidening } from "../grant/index.ts";
import { parseJsonBytes } from "../json/index.ts";
import type { Chain, Link, Provenance } from "./chain.ts";
import {
  type DerivedClaims,
  grantOf,
  parseDerivedClaims,
  parseRootClaims,
  type RootClaims,
  type SourceClaim,
  TOOLS_POINTER,
  type TokenClaims,
} from "./claims.ts";
import { type CompactJws, DERIVED_HEADER, FOREIGN_ED25519, ROOT_HEADER, splitJws } from "./jws.ts";
import { algorithmOf, importKnownKey, type KnownKey, thumbprintUri } from "./key.ts";
import { type Limits, payloadDepth } from "./limits.ts";
import { operationProblem, type Thumbprint, type TokenHash } from "./names.ts";
import {
  type AnchorKey,
  type AnchorKeys,
  checkAgainstAnchor,
  checkAnchors,
  createAnchorKeys,
  type TrustAnchor,
} from "./trust.ts";

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

const ASCII = /^[\x21-\x7e]+$/;

/** How many bytes of verified chains a verifier remembers. */
const CACHE_BYTES = 16 * 1024 * 1024;
const KEY_CACHE_ENTRIES = 1024;

/**
 * Makes a verifier. No key is imported twice; two verifiers share nothing.
 *
 * @throws {HopwiseError} `config_invalid` for a trust anchor that cannot be right
 */
export function createChainVerifier(trust: readonly TrustAnchor[], limits: Limits): ChainVerifier {
  checkAnchors(trust);
  const verified = new LRUCache<string, Verified>({ maxSize: CACHE_BYTES });
  const keys = new LRUCache<string, KnownKey>({ max: KEY_CACHE_ENTRIES });

  const keyOf = async (jwk: PublicJwk): Promise<KnownKey> => {
    const name = jwk.kty === "EC" ? `${jwk.x}.${jwk.y}` : jwk.x;
    const known = keys.get(name);
    if (known !== undefined) return known;
    const imported = await importKnownKey(jwk);
    keys.set(name, imported);
    return imported;
  };

  const anchors = createAnchorKeys(trust, keyOf);

  const verifyCold = async (compact: string, now: number): Promise<Verified> => {
    const texts = splitChain(compact, limits);
    const root = await openRoot(texts[0] as string, anchors, limits, now);
    let parent: OpenedToken = { ...root, key: await keyOf(root.claims.cnf.jwk) };
    let audience = root.claims.aud;
    const links = [linkOf(parent)];
    for (const text of texts.slice(1)) {
      const opened = await openDerived(text, parent, limits);
      checkLink(opened, parent, root.claims, audience, now, limits);
      audience = opened.claims.aud ?? audience;
      parent = { ...opened, key: await keyOf(opened.claims.cnf.jwk) };
      const link = linkOf(parent);
      if (links.some(({ jti }) => jti === link.jti)) {
        broken("chain_link_broken", "/jti", "each token of a chain has a jti of its own", links.length + 1);
      }
      links.push(link);
    }
    const chain: Chain = {
      id: root.hash,
      subject: { issuer: root.claims.iss, subject: root.claims.sub },
      ...(root.claims.hw_src !== undefined && { source: provenanceOf(root.claims.hw_src) }),
      links,
      rootAudience: root.claims.aud,
      audience,
      expiresAt: parent.claims.exp, // no child outlives its parent, so the last is the earliest
      holder: parent.key,
    };
    return { chain, signedBy: root.signedBy };
  };

  return {
    verify: async (compact, now) => {
      if (compact.length > limits.chainBytes) tooLarge("the chain", limits.chainBytes);
      const name = await sha256(compact);
      const hit = verified.get(name);
      if (hit !== undefined) {
        checkAlive(hit.chain.expiresAt, now);
        await checkStillTrusted(hit.signedBy, anchors);
        return hit.chain;
      }
      const cold = await verifyCold(compact, now);
      // Parsed claims take a few times the room of their text. An expired chain is refused at a hit, and falls out by itself.
      verified.set(name, cold, { size: 1024 + 4 * compact.length });
      return cold.chain;
    },
  };
}

/** Step 1: one chain, ASCII, within its bounds. */
function splitChain(compact: string, limits: Limits): readonly string[] {
  if (!ASCII.test(compact)) throw new HopwiseError("token_malformed", "the chain is empty or not printable ASCII");
  const texts = compact.split("~");
  if (texts.length > limits.chainTokens) {
    throw new HopwiseError("chain_depth_exceeded", `the chain has more than ${limits.chainTokens} tokens`);
  }
  if (texts.some((text) => text.length > limits.tokenBytes)) tooLarge("a token of the chain", limits.tokenBytes);
  return texts;
}

function tooLarge(what: string, bytes: number): never {
  throw new HopwiseError(
    "token_too_large",
    `${what} is longer than ${bytes} bytes; hand over fewer tools, or shorter constraints`,
  );
}

/** A chain that verified, and by which issuer's key: it lives no longer than that key is published. */
interface Verified {
  readonly chain: Chain;
  readonly signedBy: SigningKey;
}

interface SigningKey {
  readonly kid: string;
  readonly thumbprint: Thumbprint;
}

async function checkStillTrusted({ kid, thumbprint }: SigningKey, anchors: AnchorKeys): Promise<void> {
  const keys = await anchors.find(kid);
  if (!keys.some(({ key }) => key.thumbprint === thumbprint)) {
    throw new HopwiseError("token_untrusted_issuer", "the key that signed the root is not published any more", {
      pointer: "/kid",
    });
  }
}

interface OpenedToken<C extends TokenClaims = TokenClaims> {
  readonly claims: C;
  readonly hash: TokenHash;
  readonly key: KnownKey;
}

/** Steps 2 to 4 for a root: the key by its `kid` among the pinned ones, the signature, then the claims. */
async function openRoot(
  text: string,
  anchors: AnchorKeys,
  limits: Limits,
  now: number,
): Promise<Omit<OpenedToken<RootClaims>, "key"> & { readonly signedBy: SigningKey }> {
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
  checkRoot(claims, limits, now);
  return {
    claims,
    hash: (await sha256(jws.signingInput)) as TokenHash,
    signedBy: { kid, thumbprint: signer.key.thumbprint },
  };
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

/** Steps 2 to 4 for a derived token: its parent's holder signed it. */
async function openDerived(
  text: string,
  parent: OpenedToken,
  limits: Limits,
): Promise<Omit<OpenedToken<DerivedClaims>, "key">> {
  const jws = splitJws(text, DERIVED_HEADER, "token_malformed", "a derived token");
  if (jws.header["alg"] !== algorithmOf(parent.key.jwk)) algorithmDiffers("a derived token");
  if (!(await verify(parent.key.verification, jws.signingInput, jws.signature))) signatureInvalid("a derived token");
  const claims = parseDerivedClaims(payloadOf(jws, limits), limits);
  return { claims, hash: (await sha256(jws.signingInput)) as TokenHash };
}

function payloadOf(jws: CompactJws, limits: Limits): ReturnType<typeof parseJsonBytes> {
  return parseJsonBytes(jws.payload, {
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

/** Step 4 for a root (AAT draft, section 7, steps 3c to 3n); the issuer applies the same before it signs. */
export function checkRoot(claims: RootClaims, limits: Limits, now: number): void {
  if (claims.del_depth !== 0) broken("chain_link_broken", "/del_depth", "a root has depth 0", 1);
  if (claims.del_max_depth >= limits.chainTokens) {
    broken("chain_depth_exceeded", "/del_max_depth", `a depth of ${limits.chainTokens - 1} is the most`, 1);
  }
  checkTimes(claims, now, limits);
  const qualified = claims.aud.length > 1;
  for (const id of Object.keys(grantOf(claims))) {
    const problem = qualified ? qualifiedProblem(id, claims.aud) : bareProblem(id);
    if (problem !== undefined) broken("token_malformed", TOOLS_POINTER, problem, 1);
  }
}

function bareProblem(id: string): string | undefined {
  return id.includes("#") ? "with one audience, tools have bare names (grant, not grantFor)" : operationProblem(id);
}

function qualifiedProblem(id: string, audience: readonly string[]): string | undefined {
  const prefix = audience.map((name) => `${name}#`).find((candidate) => id.startsWith(candidate));
  if (prefix === undefined) return "with several audiences, tools are named <audience>#<tool> (grantFor)";
  return operationProblem(id.slice(prefix.length));
}

/** Step 5: a child says no more than its parent (AAT draft, section 4, invariants I1 to I5). */
function checkLink(
  child: Omit<OpenedToken<DerivedClaims>, "key">,
  parent: OpenedToken,
  root: RootClaims,
  audience: readonly string[],
  now: number,
  limits: Limits,
): void {
  const { claims } = child;
  const up = parent.claims;
  const hop = up.del_depth + 2;
  if (claims.iss !== thumbprintUri(parent.key.thumbprint))
    broken("chain_link_broken", "/iss", "a child is issued by its parent's holder", hop);
  if (claims.par_hash !== parent.hash)
    broken("chain_link_broken", "/par_hash", "a child names its parent by hash", hop);
  if (claims.del_depth !== up.del_depth + 1) broken("chain_link_broken", "/del_depth", "each link is one deeper", hop);
  if (claims.del_depth > up.del_max_depth || claims.del_depth > claims.del_max_depth) {
    broken("chain_depth_exceeded", "/del_depth", `the chain may be ${up.del_max_depth} deep`, hop);
  }
  if (claims.del_max_depth > up.del_max_depth)
    broken("chain_widened", "/del_max_depth", "the depth ceiling may only fall", hop);
  if (claims.exp > up.exp) broken("chain_widened", "/exp", "a child may not outlive its parent", hop);
  if (claims.iat < up.iat) broken("chain_widened", "/iat", "a child is not older than its parent", hop);
  checkTimes(claims, now, limits);
  if (claims.sub !== undefined && claims.sub !== root.sub)
    broken("principal_changed", "/sub", "the subject stays the root's", hop);
  if (claims.txn !== undefined && claims.txn !== root.txn)
    broken("principal_changed", "/txn", "the transaction stays the root's", hop);
  if (claims.aud !== undefined && !claims.aud.every((name) => audience.includes(name))) {
    broken("chain_widened", "/aud", "a child's audience is part of its parent's", hop);
  }
  const widening = findWidening(grantOf(up), grantOf(claims));
  if (widening !== undefined) broken("chain_widened", TOOLS_POINTER + widening.pointer, widening.rule, hop);
}

function checkTimes(claims: TokenClaims, now: number, limits: Limits): void {
  if (claims.exp <= claims.iat)
    broken("token_malformed", "/exp", "a token expires after it was issued", claims.del_depth + 1);
  checkAlive(claims.exp, now);
  if (claims.iat > now + limits.skewSeconds) {
    broken("token_not_yet_valid", "/iat", `an iat may be ${limits.skewSeconds} seconds ahead`, claims.del_depth + 1);
  }
}

function checkAlive(expiresAt: number, now: number): void {
  if (expiresAt <= now) {
    throw new HopwiseError("token_expired", "the chain has expired; have it delegated anew", { pointer: "/exp" });
  }
}

function broken(
  code:
    | "token_malformed"
    | "chain_link_broken"
    | "chain_depth_exceeded"
    | "chain_widened"
    | "principal_changed"
    | "token_not_yet_valid",
  pointer: string,
  rule: string,
  hop: number,
): never {
  throw new HopwiseError(code, `the chain breaks at hop ${hop}, "${pointer}": ${rule}`, { pointer, rule, hop });
}

function provenanceOf({ kind, iss, sub, acr, auth_time }: SourceClaim): Provenance {
  return {
    kind,
    issuer: iss,
    subject: sub,
    ...(acr !== undefined && { acr }),
    ...(auth_time !== undefined && { authTime: auth_time }),
  };
}

function linkOf({ claims, hash, key }: OpenedToken): Link {
  return {
    hash,
    jti: claims.jti,
    agent: claims.act.sub,
    key: key.thumbprint,
    jwk: key.jwk,
    grant: grantOf(claims),
    issuedAt: claims.iat,
    expiresAt: claims.exp,
  };
}
