import { accept, cloudIssuer, cloudPlanner, type Json, NOW, planner, refuse, researcher } from "../forge.ts";
import { collect } from "../group.ts";
import { base64url, bytes32, littleEndian, mixedKey, thumbprint } from "../keys.ts";
import type { Jwk } from "../vector.ts";

const refused = refuse("token_key_refused");
const malformed = refuse("token_malformed", "/cnf/jwk");
const P_25519 = 2n ** 255n - 19n;
const P_256 = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;

const ed = (y: bigint): Jwk => ({ kty: "OKP", crv: "Ed25519", x: base64url(littleEndian(y)) });
const ec = (x: bigint, y: bigint): Jwk => ({
  kty: "EC",
  crv: "P-256",
  x: base64url(bytes32(x)),
  y: base64url(bytes32(y)),
});
/** A point of P-256 with a small x: it has a second spelling, x + p. */
const SMALL_X = { x: 5n, y: 0x459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbccn };

/** The y of a point whose x is 0. */
const ZERO_X_Y = 0x66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4n;

/** The y of the points of order 8. */
const ORDER_8 = [
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
] as const;
const SIGN = 2n ** 255n;

export const keys = collect("keys", (add) => {
  const jwk = (value: Json | Jwk): { [name: string]: Json } => ({ cnf: { jwk: value as Json } });
  const registered = (key: Jwk) => ({ planner: { keys: [thumbprint(key)] } });

  add("p256", "a P-256 key in cnf", { rule: "K4", root: { holder: cloudPlanner }, links: [{}] }, accept);
  add(
    "p256-derived",
    "a P-256 key in a derived token's cnf",
    { rule: "K4", links: [{ holder: cloudPlanner }] },
    accept,
  );
  add(
    "members-reordered",
    "a JWK with its members in another order: the thumbprint is the same",
    {
      rule: "K1",
      root: { claims: jwk({ x: planner.publicJwk.x, kty: "OKP", crv: "Ed25519" }) },
      links: [{}],
    },
    accept,
  );

  const shape = (slug: string, rule: string, description: string, value: Json | Jwk): void =>
    add(slug, description, { rule, root: { claims: jwk(value) } }, malformed);
  const okp = planner.publicJwk;
  const p256 = cloudPlanner.publicJwk;
  shape("private", "K1", "a private key in cnf", planner.privateJwk);
  shape("private-p256", "K1", "a private P-256 key in cnf", cloudPlanner.privateJwk);
  shape("alg", "K1", "a key with an alg of its own", { ...okp, alg: "EdDSA" } as unknown as Json);
  shape("kid", "K1", "a key with a kid", { ...okp, kid: "k1" } as unknown as Json);
  shape("y", "K1", "an Ed25519 key with y", { ...okp, y: okp.x });
  shape("no-y", "K1", "a P-256 key without y", { kty: "EC", crv: "P-256", x: p256.x });
  shape("no-x", "K1", "an Ed25519 key without x", { kty: "OKP", crv: "Ed25519" });
  shape("rsa", "K1", "an RSA key", { kty: "RSA", n: "AQAB", e: "AQAB" });
  shape("oct", "K1", "a symmetric key", { kty: "oct", k: "AAAA" });
  shape("x25519", "K1", "an X25519 key", { ...okp, crv: "X25519" });
  shape("p384", "K1", "a P-384 key", { ...p256, crv: "P-384" });
  shape("kty-mixed", "K1", "kty EC with crv Ed25519", { ...okp, kty: "EC" });
  shape("array", "K1", "a key in an array", [okp as unknown as Json]);
  shape("x-31", "K2", "an x of 31 bytes", { ...okp, x: base64url(Buffer.alloc(31, 9)) });
  shape("x-33", "K2", "an x of 33 bytes", { ...okp, x: base64url(Buffer.alloc(33, 9)) });
  shape("x-padding", "K2", "an x with padding", { ...okp, x: `${okp.x}=` });
  shape("x-trailing-bits", "K2", "an x in a second spelling", {
    ...okp,
    x: `${okp.x.slice(0, -1)}${String.fromCharCode(okp.x.charCodeAt(42) + 1)}`,
  });
  shape("x-number", "K2", "an x that is a number", { ...okp, x: 9 } as unknown as Json);
  shape("y-31", "K2", "a y of 31 bytes", { ...p256, y: base64url(Buffer.alloc(31, 9)) });

  const weak = (slug: string, rule: string, description: string, key: Jwk): void =>
    add(slug, description, { rule, root: { claims: jwk(key) }, agents: registered(key) }, refused);
  weak("small-neutral", "K3", "the neutral point", ed(1n));
  weak("small-neutral-sign", "K3", "the neutral point with the sign bit set", ed(1n + SIGN));
  weak("small-order-2", "K3", "the point of order 2", ed(P_25519 - 1n));
  weak("small-order-4", "K3", "a point of order 4", ed(0n));
  weak("small-order-4-sign", "K3", "the other point of order 4", ed(SIGN));
  weak("small-order-8", "K3", "a point of order 8", ed(ORDER_8[0]));
  weak("small-order-8-other", "K3", "another point of order 8", ed(ORDER_8[1]));
  weak("small-order-8-sign", "K3", "a point of order 8 with the sign bit set", ed(ORDER_8[0] + SIGN));
  weak("y-p", "K3", "y = p, which is 0 in a second spelling", ed(P_25519));
  weak("y-p-1", "K3", "y = p + 1, the neutral point in a second spelling", ed(P_25519 + 1n));
  weak("y-p-3", "K3", "y = p + 3, the second spelling of a point that is not small", ed(P_25519 + 3n));
  weak("y-all-ones", "K3", "y of all ones", ed(2n ** 255n - 1n));
  weak("off-curve", "K4", "a point that is not on P-256's curve", ec(SMALL_X.x, SMALL_X.y + 1n));
  weak("zero", "K4", "0, 0", ec(0n, 0n));
  weak("x-plus-p", "K4", "x + p: the second spelling of a point", ec(SMALL_X.x + P_256, SMALL_X.y));
  weak("x-is-p", "K4", "x = p: the second spelling of x = 0", ec(P_256, ZERO_X_Y));
  add(
    "x-small",
    "the same point in its one spelling: the key is accepted, nobody has its private part",
    {
      rule: "V8.4",
      root: { claims: jwk(ec(SMALL_X.x, SMALL_X.y)) },
      agents: registered(ec(SMALL_X.x, SMALL_X.y)),
      proof: { signer: cloudPlanner },
    },
    refuse("proof_invalid"),
  );
  add(
    "small-derived",
    "the neutral point in a derived token's cnf",
    {
      rule: "V6.12",
      links: [{ claims: jwk(ed(1n)) }],
      agents: { ...registered(okp), researcher: { keys: [thumbprint(ed(1n))] } },
    },
    refused,
  );
  add(
    "off-curve-derived",
    "a point off the curve in a derived token's cnf",
    {
      rule: "V6.12",
      links: [{ claims: jwk(ec(1n, 1n)) }],
    },
    refused,
  );
  for (const [slug, even, expect] of [
    ["holds", true, accept],
    ["cofactor", false, refuse("token_signature_invalid")],
  ] as const) {
    const about = even ? "and whose signature holds" : "and whose signature holds only with the cofactor";
    const key = mixedKey("planner", even);
    const scenario = { rule: "V3.3", root: { holder: key }, links: [{ signer: key }] };
    add(`mixed-${slug}`, `a key that has a part of small order, ${about}`, { ...scenario, proof: {} }, expect);
  }
  add(
    "small-late",
    "a point of small order in a root that has expired: that comes first",
    { rule: "V5.10", root: { claims: { ...jwk(ed(1n)), exp: NOW } }, agents: registered(ed(1n)) },
    refuse("token_expired", "/exp"),
  );
  add(
    "small-derived-late",
    "a point of small order in a derived token that widens: that comes first",
    { rule: "V6.6", links: [{ claims: { ...jwk(ed(1n)), exp: NOW + 3541 } }] },
    refuse("chain_widened", "/exp"),
  );
  add(
    "off-curve-late",
    "a point off the curve in a derived token that widens: that comes first",
    { rule: "V6.6", links: [{ claims: { ...jwk(ec(1n, 1n)), exp: NOW + 3541 } }] },
    refuse("chain_widened", "/exp"),
  );
  add(
    "small-forged",
    "a child signed by nobody: under the neutral point R = 1, S = 0 verifies for any text",
    {
      rule: "V5.13",
      root: { claims: jwk(ed(1n)) },
      links: [
        {
          claims: { iss: `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${thumbprint(ed(1n))}` },
          signature: () => Buffer.concat([littleEndian(1n), Buffer.alloc(32)]),
        },
      ],
      agents: { ...registered(ed(1n)), researcher: { keys: [researcher.thumbprint] } },
    },
    refused,
  );
  add(
    "es256-alg-of-key",
    "an ES256 holder whose child says Ed25519",
    {
      rule: "V3.2",
      root: { signer: cloudIssuer, holder: cloudPlanner },
      links: [{ header: { alg: "Ed25519" } }],
    },
    refuse("token_alg_refused"),
  );
});
