import { accept, ISSUER, issuer, type Json, NOW, PAY, refuse, stranger, thumbprintUri } from "../forge.ts";
import { type ApprovalScenario, LOG, type RevocationScenario } from "../forge-statement.ts";
import { base64url } from "../keys.ts";
import type { Expect } from "../vector.ts";

type Scenario = Omit<RevocationScenario, "target" | "audience"> & Omit<ApprovalScenario, "answered" | "changed">;

/** Adds one vector of a group. */
export type Add<S> = (slug: string, description: string, scenario: S, expect: Expect) => void;

export const malformed = (pointer?: string): Expect => refuse("token_malformed", pointer);
const algorithm = refuse("token_alg_refused");
const unsigned = refuse("token_signature_invalid");

/** S1 to S4: the rules that both statements follow, broken in both. */
export function addFrame(add: Add<Scenario>, typ: string, own: readonly string[], place: string): void {
  add("signed-by-issuer", "signed by the issuer", { rule: "S2.2", kid: "k1", anchor: { approvals: true } }, accept);
  add("size", "longer than a token may be", { rule: "S1.1", limits: { tokenBytes: 256 } }, tooLarge);
  addForm(add, typ);
  addSigner(add, typ);
  addClaims(add, own);
  const other = typ === "hw-revoke+jwt" ? PAY : LOG;
  add("audience", "for another place", { rule: place, claims: { aud: other } }, refuse("audience_mismatch", "/aud"));
}

const tooLarge = refuse("token_too_large");

function addForm(add: Add<Scenario>, typ: string): void {
  const twisted: readonly [slug: string, description: string, compact: (text: string) => string][] = [
    ["empty", "an empty text", () => ""],
    ["segments-2", "two segments", (text) => text.slice(0, text.lastIndexOf("."))],
    ["segments-4", "four segments", (text) => `${text}.`],
    ["padding", "a padded segment", (text) => `${text}=`],
    ["line-end", "a line end behind it", (text) => `${text}\n`],
    ["tilde", "two statements", (text) => `${text}~${text}`],
  ];
  for (const [slug, description, compact] of twisted) {
    add(`form-${slug}`, description, { rule: "S1.2", compact }, malformed());
  }
  const headers: readonly [slug: string, description: string, header: { [name: string]: Json | undefined }, Expect?][] =
    [
      ["alg-none", "alg none", { alg: "none" }, algorithm],
      ["alg-eddsa", "alg EdDSA", { alg: "EdDSA" }, algorithm],
      ["typ-none", "no typ", { typ: undefined }],
      ["typ-token", "the typ of a token", { typ: "aat+jwt" }],
      ["typ-proof", "the typ of a proof", { typ: "aat-pop+jwt" }],
      ["typ-other", "the typ of the other statement", { typ: otherOf(typ) }],
      ["crit", "a parameter more", { crit: ["exp"] }],
      ["jwk", "a key in the header", { jwk: "x" }],
      ["jkt-none", "neither kid nor jkt", { jkt: undefined }],
      ["jkt-and-kid", "kid and jkt", { kid: "k1" }],
      ["jkt-null", "jkt is null", { jkt: null }],
      ["jkt-short", "jkt of 31 bytes", { jkt: base64url(Buffer.alloc(31)) }],
      ["jkt-number", "jkt is a number", { jkt: 7 }],
      ["kid-long", "a kid of 65", { jkt: undefined, kid: "k".repeat(65) }],
    ];
  for (const [slug, description, header, expect = malformed()] of headers) {
    add(`header-${slug}`, description, { rule: "S1.2", header }, expect);
  }
  add(
    "header-json",
    "a header with two alg",
    { rule: "S1.2", headerText: (text) => text.replace("{", '{"alg":"ES256",') },
    malformed(),
  );
}

const otherOf = (typ: string): string => (typ === "hw-revoke+jwt" ? "hw-approval+jwt" : "hw-revoke+jwt");

function addSigner(add: Add<Scenario>, typ: string): void {
  add("kid-unknown", "a kid that no issuer has", { rule: "S2.2", kid: "k9" }, refuse("token_untrusted_issuer", "/kid"));
  add("alg-other", "the algorithm of another key", { rule: "S2.3", header: { alg: "ES256" } }, algorithm);
  add(
    "alg-other-kid",
    "the algorithm of another key, by kid",
    { rule: "S2.3", kid: "k1", header: { alg: "ES256" } },
    algorithm,
  );
  add("signature-flipped", "a changed signature", { rule: "S2.4", signature: flip }, unsigned);
  add(
    "signature-short",
    "a signature of 63 bytes",
    { rule: "S2.4", signature: (bytes) => bytes.subarray(1) },
    unsigned,
  );
  const forged = { rule: "S2.4", kid: "k1", signer: stranger };
  add("signature-other", "an issuer's kid, and another key", forged, unsigned);
  add(
    "kid-as-jkt",
    "the issuer's key, named by its thumbprint",
    { rule: "S2.1", signer: issuer },
    refuse(refusedBy(typ), "/jkt"),
  );
  const partner = "https://id.partner.example";
  add(
    "iss-other",
    "an issuer that says it is another",
    { rule: "S4.2", kid: "k1", claims: { iss: partner }, anchor: { approvals: true } },
    refuse("token_untrusted_issuer", "/iss"),
  );
  add("iss-issuer", "a key that says it is an issuer", { rule: "S4.1", claims: { iss: ISSUER } }, malformed("/iss"));
  add(
    "iss-stranger",
    "a key that says it is another",
    { rule: "S4.1", claims: { iss: thumbprintUri(stranger) } },
    malformed("/iss"),
  );
}

const refusedBy = (typ: string): string => (typ === "hw-revoke+jwt" ? "revocation_refused" : "approval_refused");

function addClaims(add: Add<Scenario>, own: readonly string[]): void {
  add("payload-json", "a payload that is no JSON", { rule: "S3.1", payload: () => "{" }, malformed());
  add("payload-bom", "a byte order mark", { rule: "S3.1", payload: (text) => `\ufeff${text}` }, malformed());
  add("payload-deep", "deeper than any claim", { rule: "S3.1", claims: { aud: { a: {} } } }, malformed());
  add(
    "payload-array",
    "an array",
    { rule: "S3.2", payload: (text) => `[${text.replaceAll(/\{|\}/g, "").length}]` },
    malformed(""),
  );
  for (const hw of [undefined, 2, "1", null, true]) {
    const slug = `version-${String(hw)}${typeof hw === "string" ? "-text" : ""}`;
    add(
      slug,
      `hw is ${JSON.stringify(hw)}`,
      { rule: "S3.3", claims: { hw } },
      refuse("token_version_unsupported", "/hw"),
    );
  }
  const nobody = { rule: "S3.7", kid: "k1", claims: { iss: "" } };
  add("iss-unnamed", "an issuer without a name, before anybody looks for its anchor", nobody, malformed("/iss"));
  add(
    "payload-space",
    "white space in the payload",
    { rule: "S3.4", payload: (text) => text.replace(":", ": ") },
    malformed(""),
  );
  add("payload-order", "claims in another order", { rule: "S3.4", payload: reversed }, malformed(""));
  for (const name of ["nbf", "budget", "hw_leaf", "nonce", "del_depth", "a/b"]) {
    add(
      `claim-${name.replace("/", "-")}`,
      `a claim ${name}`,
      { rule: "S3.5", claims: { [name]: 1 } },
      malformed(`/${name.replace("/", "~1")}`),
    );
  }
  for (const name of ["iss", "aud", "jti", "iat", "hw_ms", ...own]) {
    add(`missing-${name}`, `no ${name}`, { rule: "S3.6", claims: { [name]: undefined } }, malformed(`/${name}`));
  }
  const values: readonly [name: string, slug: string, value: Json][] = [
    ["iss", "empty", ""],
    ["iss", "number", 7],
    ["aud", "array", [LOG]],
    ["aud", "relative", "acme"],
    ["aud", "fragment", `${LOG}#x`],
    ["jti", "8", base64url(Buffer.alloc(8))],
    ["jti", "number", 5],
    ["iat", "text", String(NOW)],
    ["iat", "negative", -1],
    ["iat", "fraction", NOW + 0.5],
    ["hw_ms", "1000", 1000],
    ["hw_ms", "negative", -1],
    ["hw_ms", "text", "1"],
  ];
  for (const [name, slug, value] of values) {
    add(
      `${name}-${slug}`,
      `${name} is ${JSON.stringify(value)}`,
      { rule: "S3.7", claims: { [name]: value } },
      malformed(`/${name}`),
    );
  }
}

function flip(signature: Buffer): Buffer {
  const bytes = Buffer.from(signature);
  bytes[0] = (bytes[0] as number) ^ 1;
  return bytes;
}

function reversed(text: string): string {
  return JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).reverse()));
}
