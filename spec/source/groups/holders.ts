/** A remote holder's answer to a challenge: delegation-token.md, section 8. */
import { cloudPlanner, type Differences, type Json, makeJws, NOW, planner, refuse, stranger } from "../forge.ts";
import { base64url, id, type Key, littleEndian } from "../keys.ts";
import type { Expect, Jwk, StatementVector } from "../vector.ts";

interface Scenario extends Differences {
  readonly rule: string;
  /** The key that it names. Default: the one that signs. */
  readonly jwk?: Json | Jwk;
}

const vectors: StatementVector[] = [];

function add(slug: string, description: string, scenario: Scenario, expect: Expect): void {
  const { rule, signer = planner, jwk = signer.publicJwk } = scenario;
  const challenge = id(`holders/${slug} challenge`);
  const head = { alg: signer.alg, typ: "hopwise-request+jwt" };
  const { compact } = makeJws(head, { challenge, jwk: jwk as Json }, scenario, signer);
  vectors.push({
    id: `holders/${slug}`,
    description,
    rule,
    keys: { [signer.name]: signer.privateJwk },
    now: NOW,
    config: { trust: [] },
    input: { holder: compact, challenge },
    expect,
  });
}

const accept: Expect = { result: "accept" };
const invalid = refuse("proof_invalid");
const badKey = refuse("proof_invalid", "/jwk");
const refusedKey = refuse("token_key_refused");

function addForm(): void {
  const form = (slug: string, about: string, scenario: Partial<Scenario>): void =>
    add(`form-${slug}`, about, { rule: "Q1", ...scenario }, invalid);
  form("segments-2", "two segments", { compact: (text) => text.slice(0, text.lastIndexOf(".")) });
  form("padding", "a padded segment", { compact: (text) => `${text}=` });
  form("line-end", "a line end behind it", { compact: (text) => `${text}\n` });
  form("typ-proof", "the typ of a proof", { header: { typ: "aat-pop+jwt" } });
  form("typ-none", "no typ", { header: { typ: undefined } });
  form("kid", "a kid", { header: { kid: "k1" } });
  form("jwk", "the key in the header, too", { header: { jwk: planner.publicJwk as unknown as Json } });
  form("eddsa", "EdDSA", { header: { alg: "EdDSA" } });
  form("none", "no algorithm", { header: { alg: "none" }, signature: () => Buffer.alloc(0) });
}

function addPayload(): void {
  const payload = (slug: string, about: string, scenario: Partial<Scenario>): void =>
    add(`payload-${slug}`, about, { rule: "Q2", ...scenario }, invalid);
  payload("twice", "the challenge twice", { payload: (text) => text.replace("{", '{"challenge":"",') });
  payload("bom", "a byte order mark", { payload: (text) => `\ufeff${text}` });
  payload("array", "an array", { payload: (text) => `[${text}]` });
  payload("deep", "an object four levels deep", { jwk: { kty: "OKP", crv: "Ed25519", x: { a: {} } } });
  payload("more", "a member more", { claims: { aud: "https://id.acme.example" } });
  payload("fewer", "no key", { claims: { jwk: undefined } });
  const other = id("holders another challenge");
  add("challenge-other", "an answer to another challenge", { rule: "Q3", claims: { challenge: other } }, invalid);
  add("challenge-none", "no text for a challenge", { rule: "Q3", claims: { challenge: null } }, invalid);
}

function addKeys(): void {
  const { x } = planner.publicJwk;
  const coordinate = (y: bigint): Json => ({ kty: "OKP", crv: "Ed25519", x: base64url(littleEndian(y)) });
  const off = { ...cloudPlanner.publicJwk, x: cloudPlanner.publicJwk.y as string };
  const keys: readonly [slug: string, about: string, jwk: Json | Jwk, expect: Expect, signer?: Key][] = [
    ["private", "the private key", planner.privateJwk, badKey],
    ["alg", "a member alg", { kty: "OKP", crv: "Ed25519", x, alg: "Ed25519" }, badKey],
    ["text", "a text", x, badKey],
    ["nested", "an object for a coordinate, three levels deep", { kty: "OKP", crv: "Ed25519", x: {} }, badKey],
    ["short", "a coordinate of 31 bytes", { kty: "OKP", crv: "Ed25519", x: x.slice(0, 42) }, badKey],
    ["small", "a key of small order", coordinate(1n), refusedKey],
    ["off", "a point that is not on the curve", off, refusedKey, cloudPlanner],
  ];
  for (const [slug, about, jwk, expect, signer] of keys) {
    add(`key-${slug}`, about, { rule: "Q4", jwk, signer }, expect);
  }
  add(
    "signed-by-stranger",
    "the key of somebody else",
    { rule: "Q5", jwk: planner.publicJwk, signer: stranger },
    invalid,
  );
  const other = { rule: "Q5", header: { alg: "ES256" } };
  add("alg-other", "the algorithm of another kind of key", other, invalid);
  const cut = (signature: Buffer): Buffer => signature.subarray(1);
  add("signature-cut", "a signature that is cut off", { rule: "Q5", signature: cut }, invalid);
}

add("holder", "an answer", { rule: "Q5" }, accept);
add("es256", "of a key on P-256", { rule: "Q5", signer: cloudPlanner }, accept);
const spaced = (text: string): string => text.replaceAll(":", ": ").replaceAll(",", ",\n");
add("space", "white space, since this payload need not be canonical", { rule: "Q2", payload: spaced }, accept);
addForm();
addPayload();
addKeys();

export const holders: readonly StatementVector[] = vectors;
