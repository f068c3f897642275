import { createHmac } from "node:crypto";
import {
  accept,
  anchorOf,
  cloudIssuer,
  cloudPlanner,
  issuer,
  planner,
  refuse,
  researcher,
  stranger,
} from "../forge.ts";
import { collect } from "../group.ts";
import { base64url, bytes32, littleEndian, ORDER, otherSignature, toBigInt } from "../keys.ts";

/** The order of Ed25519's group. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

const malformed = refuse("token_malformed");
const algRefused = refuse("token_alg_refused");
const badSignature = refuse("token_signature_invalid");

const replaceSegment = (index: number, change: (segment: string) => string) => (text: string) =>
  text
    .split(".")
    .map((segment, i) => (i === index ? change(segment) : segment))
    .join(".");

export const header = collect("header", (add) => {
  add("root-alone", "a root token and its holder's proof", { rule: "V3.3" }, accept);
  add("two-tokens", "a root and one derived token", { rule: "V3.3", links: [{}] }, accept);
  add("three-tokens", "a root and two derived tokens", { rule: "V3.3", links: [{}, {}] }, accept);
  add(
    "es256",
    "an ES256 root, an ES256 holder who delegates, an Ed25519 leaf",
    { rule: "V3.3", root: { signer: cloudIssuer, holder: cloudPlanner }, links: [{}] },
    accept,
  );
  add(
    "es256-proof",
    "a proof signed with ES256 under an Ed25519 root",
    { rule: "V8.4", root: { holder: cloudPlanner } },
    accept,
  );
  add(
    "es256-other-s",
    "the other valid s: the same token, with the same H(t), so the child still fits",
    { rule: "V3.3", root: { signer: cloudIssuer, signature: otherSignature }, links: [{}] },
    accept,
  );
  add(
    "order-and-space",
    "parameters in another order, with white space: the header is read, not compared",
    { rule: "V2.2", root: { headerText: () => '{ "kid" : "k1",\n "typ":"aat+jwt", "alg":"Ed25519" }' } },
    accept,
  );
  add(
    "kid-64",
    "a kid of 64 characters",
    {
      rule: "V2.6",
      root: { header: { kid: "k_-4".repeat(16) } },
      anchor: { keys: [{ kid: "k_-4".repeat(16), jwk: issuer.publicJwk }] },
    },
    accept,
  );
  add(
    "kid-shared",
    "two issuers use the same kid: the second one's key verifies, and its pins hold",
    { rule: "V3.3", trust: [anchorOf(stranger, { issuer: "https://other.example" }), anchorOf(issuer)] },
    accept,
  );

  const form: [string, string, (text: string) => string][] = [
    ["two-segments", "the signature segment is missing", (text) => text.slice(0, text.lastIndexOf("."))],
    ["four-segments", "a fourth segment", (text) => `${text}.AAAA`],
    ["empty-header", "the header segment is empty", replaceSegment(0, () => "")],
    ["padding", "a segment with padding", replaceSegment(2, (s) => `${s}==`)],
    [
      "trailing-bits",
      "a last character with bits that decode to nothing",
      replaceSegment(2, (s) => `${s.slice(0, -1)}${next(s.at(-1) as string)}`),
    ],
    ["standard-base64", "the alphabet of plain base64", replaceSegment(2, () => "+/+/".repeat(21).concat("+w"))],
    [
      "one-character-left",
      "a segment whose length no encoding gives",
      replaceSegment(1, (s) => `${s}A`.slice(0, s.length - (s.length % 4) + 1)),
    ],
  ];
  for (const [slug, description, compact] of form) {
    add(slug, description, { rule: "V2.1", root: { compact } }, malformed);
  }
  add("nothing-after-tilde", "a chain that ends with ~", { rule: "V2.1", chain: (text) => `${text}~` }, malformed);

  add(
    "header-no-json",
    "a header that is no JSON",
    { rule: "V2.2", root: { headerText: () => "alg=Ed25519" } },
    malformed,
  );
  add("header-array", "a header that is an array", { rule: "V2.2", root: { headerText: () => "[]" } }, malformed);
  add(
    "header-nested",
    "a key in the header (jwk): nesting is refused before anything looks at it",
    { rule: "V2.2", root: { header: { jwk: { kty: "OKP", crv: "Ed25519", x: stranger.publicJwk.x } } } },
    malformed,
  );
  add(
    "header-alg-nested",
    "an alg in a list: nesting is refused before anything asks which algorithm it is",
    { rule: "V2.2", root: { header: { alg: ["Ed25519"] } } },
    malformed,
  );
  add(
    "header-crit",
    "crit, which is an array",
    { rule: "V2.2", root: { header: { crit: ["exp"], exp: 1 } } },
    malformed,
  );
  add(
    "header-alg-twice",
    "alg twice in one header",
    { rule: "V2.2", root: { headerText: (text) => text.replace("{", '{"alg":"none",') } },
    malformed,
  );

  for (const [slug, alg] of [
    ["alg-none", "none"],
    ["alg-rs256", "RS256"],
    ["alg-lower-case", "ed25519"],
    ["alg-missing", undefined],
    ["alg-null", null],
  ] as const) {
    const description = alg === undefined ? "no alg" : `alg ${JSON.stringify(alg)}`;
    add(slug, description, { rule: "V2.3", root: { header: { alg } } }, algRefused);
  }
  add(
    "alg-none-unsigned",
    "alg none with an empty signature",
    { rule: "V2.3", root: { header: { alg: "none" }, signature: () => Buffer.alloc(0) } },
    algRefused,
  );
  add(
    "alg-hs256",
    "HS256 with the issuer's public key as the secret",
    {
      rule: "V2.3",
      root: { header: { alg: "HS256" }, compact: hmacWith(Buffer.from(issuer.publicJwk.x, "base64url")) },
    },
    algRefused,
  );
  add(
    "alg-derived",
    "a derived token with alg none",
    { rule: "V2.3", links: [{ header: { alg: "none" } }] },
    algRefused,
  );

  for (const [slug, typ] of [
    ["typ-jwt", "JWT"],
    ["typ-missing", undefined],
    ["typ-upper-case", "AAT+JWT"],
    ["typ-media-type", "application/aat+jwt"],
    ["typ-dpop", "dpop+jwt"],
    ["typ-proof", "aat-pop+jwt"],
  ] as const) {
    const description = typ === undefined ? "no typ" : `typ ${typ}`;
    add(slug, description, { rule: "V2.4", root: { header: { typ } } }, malformed);
  }
  add("typ-derived", "a derived token with typ JWT", { rule: "V2.4", links: [{ header: { typ: "JWT" } }] }, malformed);

  for (const [name, value] of [
    ["b64", true],
    ["jku", "https://evil.example/jwks.json"],
    ["x5u", "https://evil.example/cert.pem"],
    ["zip", "DEF"],
    ["cty", "JWT"],
    ["constructor", "x"],
  ] as const) {
    add(`parameter-${name}`, `${name} in the header`, { rule: "V2.5", root: { header: { [name]: value } } }, malformed);
  }

  for (const [slug, description, kid] of [
    ["kid-missing", "a root without kid", undefined],
    ["kid-empty", "an empty kid", ""],
    ["kid-65", "a kid of 65 characters", "k".repeat(65)],
    ["kid-path", "a kid that is a path", "../keys/k1"],
    ["kid-number", "a kid that is a number", 1],
  ] as const) {
    add(slug, description, { rule: "V2.6", root: { header: { kid } } }, malformed);
  }
  add("kid-derived", "a derived token with a kid", { rule: "V2.6", links: [{ header: { kid: "k1" } }] }, malformed);

  const noKey = refuse("token_untrusted_issuer", "/kid");
  add("kid-unknown", "a kid that nobody has", { rule: "V3.1", root: { header: { kid: "k2" } } }, noKey);
  add(
    "kid-constructor",
    "a kid that every JavaScript object has",
    { rule: "V3.1", root: { header: { kid: "constructor" } } },
    noKey,
  );

  add(
    "alg-of-other-key",
    "alg ES256 where the pinned key is Ed25519",
    { rule: "V3.2", root: { header: { alg: "ES256" } } },
    algRefused,
  );
  add(
    "alg-of-other-key-derived",
    "a derived token says ES256 and its parent's holder has an Ed25519 key",
    { rule: "V3.2", links: [{ header: { alg: "ES256" } }] },
    algRefused,
  );

  const eddsa = { alg: "EdDSA" };
  const foreign = { foreign: true };
  add("alg-eddsa", "alg EdDSA by an issuer that is not foreign", { rule: "V3.2", root: { header: eddsa } }, algRefused);
  add(
    "alg-eddsa-foreign",
    "alg EdDSA by a foreign issuer with an Ed25519 key",
    { rule: "V3.2", root: { header: eddsa }, anchor: foreign, links: [{}] },
    accept,
  );
  add(
    "alg-eddsa-second",
    "alg EdDSA, of two anchors of the issuer the second is foreign: the first, which lets it name nobody, has no part in it",
    {
      rule: "V5.1",
      root: { header: eddsa },
      trust: [anchorOf(issuer, { subjects: ["bob"] }), anchorOf(issuer, foreign)],
    },
    accept,
  );
  add(
    "alg-ed25519-foreign",
    "alg Ed25519 by a foreign issuer: it need not be called EdDSA",
    { rule: "V3.2", anchor: foreign },
    accept,
  );
  add(
    "alg-eddsa-p256",
    "alg EdDSA by a foreign issuer with a P-256 key",
    { rule: "V3.2", root: { signer: cloudIssuer, header: eddsa }, anchor: foreign },
    algRefused,
  );
  add(
    "alg-es256-foreign",
    "alg ES256 by a foreign issuer with an Ed25519 key",
    { rule: "V3.2", root: { header: { alg: "ES256" } }, anchor: foreign },
    algRefused,
  );
  add(
    "alg-eddsa-shared-kid",
    "alg EdDSA, a kid that a foreign issuer shares with the one that signed",
    {
      rule: "V3.2",
      root: { header: eddsa },
      trust: [anchorOf(stranger, { issuer: "https://other.example", ...foreign }), anchorOf(issuer)],
    },
    badSignature,
  );
  add(
    "alg-eddsa-shared-key",
    "alg EdDSA in the name of an issuer that is not foreign, and whose key one that is has, too",
    {
      rule: "V5.1",
      root: { header: eddsa },
      trust: [anchorOf(issuer, { issuer: "https://other.example", ...foreign }), anchorOf(issuer)],
    },
    refuse("token_untrusted_issuer", "/iss"),
  );
  add(
    "alg-eddsa-derived",
    "a derived token with alg EdDSA, under a foreign issuer's root",
    { rule: "V2.3", root: { header: eddsa }, links: [{ header: eddsa }], anchor: foreign },
    algRefused,
  );
  add(
    "alg-eddsa-proof",
    "a proof with alg EdDSA, under a foreign issuer's root",
    { rule: "V8.2", root: { header: eddsa }, proof: { header: eddsa }, anchor: foreign },
    refuse("proof_invalid"),
  );
  add(
    "alg-eddsa-typ",
    "alg EdDSA by a foreign issuer, without typ: nothing else is looser",
    { rule: "V2.4", root: { header: { ...eddsa, typ: undefined } }, anchor: foreign },
    malformed,
  );

  const signed = (slug: string, description: string, change: (signature: Buffer) => Buffer, signer = issuer): void =>
    add(slug, description, { rule: "V3.3", root: { signer, signature: change } }, badSignature);
  signed("signature-flipped", "one bit of the signature is another", (s) =>
    Buffer.from(s.map((b, i) => (i === 5 ? b ^ 1 : b))),
  );
  signed("signature-short", "a signature of 63 bytes", (s) => s.subarray(0, 63));
  signed("signature-long", "a signature of 65 bytes", (s) => Buffer.concat([s, Buffer.alloc(1)]));
  signed("signature-empty", "an empty signature", () => Buffer.alloc(0));
  signed("signature-zero", "a signature of zeros", () => Buffer.alloc(64));
  signed("signature-malleable", "Ed25519 with S + L in place of S", (s) =>
    Buffer.concat([s.subarray(0, 32), littleEndian(toBigInt(Buffer.from(s.subarray(32)).reverse()) + L)]),
  );
  signed("es256-r-zero", "ES256 with r = 0", (s) => Buffer.concat([Buffer.alloc(32), s.subarray(32)]), cloudIssuer);
  signed("es256-s-zero", "ES256 with s = 0", (s) => Buffer.concat([s.subarray(0, 32), Buffer.alloc(32)]), cloudIssuer);
  signed("es256-r-order", "ES256 with r = n", (s) => Buffer.concat([bytes32(ORDER), s.subarray(32)]), cloudIssuer);
  signed("es256-der", "ES256 in DER instead of r and s", der, cloudIssuer);
  add(
    "signed-by-stranger",
    "a root signed by a key that is not pinned",
    { rule: "V3.3", root: { signer: stranger } },
    badSignature,
  );
  add(
    "payload-exchanged",
    "another payload under a signature that was good",
    {
      rule: "V3.3",
      root: {
        compact: replaceSegment(1, (s) => base64url(Buffer.from(s, "base64url").toString().replace("alice", "carol"))),
      },
    },
    badSignature,
  );
  add(
    "child-signed-by-itself",
    "a derived token signed by its own holder",
    { rule: "V3.3", links: [{ signer: researcher }] },
    badSignature,
  );
  add(
    "child-signed-by-issuer",
    "a derived token signed by the root's issuer",
    { rule: "V3.3", links: [{ signer: issuer }] },
    badSignature,
  );
  add(
    "grandchild-signed-by-root-holder",
    "a third token signed by the first holder instead of the second",
    { rule: "V3.3", links: [{}, { signer: planner }] },
    badSignature,
  );
});

function next(character: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return alphabet[alphabet.indexOf(character) + 1] as string;
}

function hmacWith(secret: Buffer): (text: string) => string {
  return (text) => {
    const input = text.slice(0, text.lastIndexOf("."));
    return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
  };
}

function der(signature: Buffer): Buffer {
  const integer = (bytes: Buffer): Buffer => {
    const lean = Buffer.from(bytes.subarray(bytes.findIndex((byte) => byte !== 0)));
    const body = (lean[0] as number) > 0x7f ? Buffer.concat([Buffer.alloc(1), lean]) : lean;
    return Buffer.concat([Buffer.from([2, body.length]), body]);
  };
  const body = Buffer.concat([integer(signature.subarray(0, 32)), integer(signature.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}
