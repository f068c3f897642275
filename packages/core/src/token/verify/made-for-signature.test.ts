/** Of an ES256 signature that they saw, anybody can make a key that verifies it: whoever publishes that hinders nobody. */
import { createECDH, createHash, generateKeyPairSync } from "node:crypto";
import { expect, it } from "vitest";
import type { PublicJwk } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import { canonicalJson, type JsonValue } from "../../json/index.ts";
import { createWorld, forge, ISSUER, JTI, NOW, PAY, refusalOf } from "../../world.fixture.ts";
import type { TrustedKey } from "../keys/jwks.ts";
import { DEFAULT_LIMITS } from "../keys/limits.ts";
import { signerFromJwk } from "../keys/signer.ts";
import { verifyRevocation } from "../statements/verify-revocation.ts";
import type { TrustAnchor } from "../trust/trust.ts";
import { createChainVerifier } from "./verify-chain.ts";

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const pair = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
const issuer = await signerFromJwk(pair);
const world = { ...(await createWorld("ES256")), issuer };
const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);

function inverse(a: bigint): bigint {
  let result = 1n;
  for (let e = ORDER - 2n, base = a; e > 0n; e >>= 1n, base = (base * base) % ORDER)
    if (e & 1n) result = (result * base) % ORDER;
  return result;
}

/**
 * Another key by which the signature of a text verifies: that of the point with the same x and the other y. Made here with the
 * private key, which makes it short; from text and signature alone it takes a few lines more.
 */
function madeFor(token: string): PublicJwk {
  const at = token.lastIndexOf(".");
  const r = numberOf(Buffer.from(token.slice(at + 1), "base64url").subarray(0, 32));
  const z = numberOf(createHash("sha256").update(token.slice(0, at)).digest());
  const d = numberOf(Buffer.from(pair.d as string, "base64url"));
  const other = (2n * ORDER - d - ((2n * z * inverse(r)) % ORDER)) % ORDER;
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(other.toString(16).padStart(64, "0"), "hex");
  const point = ecdh.getPublicKey();
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((it) => it.toString("base64url")) as [string, string];
  return { kty: "EC", crv: "P-256", x, y };
}

const anchorOf = (name: string, jwk: PublicJwk, keys?: TrustAnchor["keys"]): TrustAnchor => ({
  ...world.anchor,
  issuer: name,
  keys: keys ?? [{ kid: "k1", jwk }],
});
const partnerOf = (token: string): TrustAnchor => anchorOf("https://partner.example", madeFor(token));
const own = anchorOf(ISSUER, issuer.publicJwk);
const orders = (token: string, ours: TrustAnchor): readonly TrustAnchor[][] => [
  [partnerOf(token), ours],
  [ours, partnerOf(token)],
];

it("a root is its issuer's, whoever else published a key that verifies it", async () => {
  const root = await world.root({}, { signer: issuer });
  for (const trust of orders(root, own)) {
    const chain = await createChainVerifier(trust, DEFAULT_LIMITS).verify(root, NOW);
    expect(chain.user.issuer).toBe(ISSUER);
    expect(chain.rootKey).toBe((await createChainVerifier([own], DEFAULT_LIMITS).verify(root, NOW)).rootKey);
  }
});

it("such a key signs nothing in the name of another issuer", async () => {
  const root = await world.root({}, { signer: issuer });
  const stranger = anchorOf(ISSUER, world.mallory.publicJwk);
  for (const trust of orders(root, stranger))
    expect(await refusalOf(createChainVerifier(trust, DEFAULT_LIMITS).verify(root, NOW))).toBe(
      "token_untrusted_issuer /iss",
    );
});

it("it keeps nobody from asking for the keys that took the place of others under their kid", async () => {
  const root = await world.root({}, { signer: issuer });
  let jwk = world.mallory.publicJwk;
  const changing = {
    find: async (kid: string): Promise<readonly TrustedKey[]> => [{ kid, jwk }],
    renew: async () => {
      jwk = issuer.publicJwk;
    },
  };
  const [trust] = orders(root, anchorOf(ISSUER, issuer.publicJwk, changing)) as [TrustAnchor[]];
  expect(await refusalOf(createChainVerifier(trust, DEFAULT_LIMITS).verify(root, NOW))).toBe("accepted");
});

it("a key source that is down is told as such: the key may be one of its own", async () => {
  const root = await world.root({}, { signer: issuer });
  const down = { find: () => Promise.reject(new Error("down")) };
  for (const trust of orders(root, anchorOf(ISSUER, issuer.publicJwk, down)))
    expect(await refusalOf(createChainVerifier(trust, DEFAULT_LIMITS).verify(root, NOW))).toBe(
      "issuer_keys_unavailable",
    );
});

it("a key source that may not ask yet whether there is a new key is told as such", async () => {
  const root = await world.root({}, { signer: issuer });
  const waits = { find: () => Promise.reject(new HopwiseError("issuer_key_unknown", "asked a moment ago")) };
  for (const trust of orders(root, anchorOf(ISSUER, issuer.publicJwk, waits)))
    expect(await refusalOf(createChainVerifier(trust, DEFAULT_LIMITS).verify(root, NOW))).toBe("issuer_key_unknown");
});

it("a statement is its issuer's, too: nobody keeps a key from being revoked", async () => {
  const frame = { hw: 1, iss: ISSUER, aud: PAY, jti: JTI, iat: NOW, hw_ms: 0, target: { agent: "planner" } };
  const header = { alg: "ES256", typ: "hw-revoke+jwt", kid: "k1" };
  const revocation = await forge(header, canonicalJson(frame as JsonValue), issuer);
  for (const trust of orders(revocation, own)) {
    const { target } = await verifyRevocation({ revocation }, { trust, audience: PAY, nowSeconds: NOW });
    expect(target).toEqual({ agent: "planner", issuer: ISSUER });
  }
});
