import { accept, ISSUER, type Json, NOW, PAY, planner, refuse, stranger, thumbprintUri } from "../forge.ts";
import { cloudFeedKey, type FeedScenario, page } from "../forge-statement.ts";
import { otherSignature } from "../keys.ts";
import type { Expect, StatementVector } from "../vector.ts";
import { type Add, malformed } from "./statements.ts";

const vectors: StatementVector[] = [];
const add: Add<FeedScenario> = (slug, description, scenario, expect) => {
  vectors.push(page(`feed/${slug}`, description, scenario, expect));
};
type Claim = Json | undefined;

function addSigner(): void {
  add("page", "one entry of each form", { rule: "F1.2" }, accept);
  add("es256", "signed over P-256", { rule: "F1.1", signer: cloudFeedKey }, accept);
  const twin = { rule: "S2.4", signer: cloudFeedKey, signature: otherSignature };
  add("es256-twin", "the other signature of the same text", twin, accept);
  const untrusted = (pointer: string): Expect => refuse("token_untrusted_issuer", pointer);
  add("stranger", "by a key that is not the feed's", { rule: "F1.1", signer: stranger }, untrusted("/jkt"));
  add("kid", "by an issuer's kid", { rule: "F1.1", kid: "k1" }, untrusted("/kid"));
  add("iss-issuer", "a key that says it is an issuer", { rule: "S4.1", claims: { iss: ISSUER } }, malformed("/iss"));
  const other = { rule: "S4.1", claims: { iss: thumbprintUri(stranger) } };
  add("iss-stranger", "a key that says it is another", other, malformed("/iss"));
  add("signature-cut", "a changed signature", { rule: "S2.4", signature: cut }, refuse("token_signature_invalid"));
  add("typ-revoke", "the typ of a revocation", { rule: "S1.2", header: { typ: "hw-revoke+jwt" } }, malformed());
  add("typ-token", "the typ of a token", { rule: "S1.2", header: { typ: "aat+jwt" } }, malformed());
  const small = { rule: "S1.1", limits: { tokenBytes: 256 } };
  add("size", "longer than the reader reads", small, refuse("token_too_large"));
}

const cut = (signature: Buffer): Buffer => signature.subarray(1);

function addClaims(): void {
  const ahead: readonly [slug: string, iat: number, hw_ms: number, expect: Expect][] = [
    ["ahead", NOW + 30, 0, accept],
    ["too-far-ahead", NOW + 30, 1, refuse("token_not_yet_valid", "/iat")],
    ["old", 0, 0, accept],
  ];
  for (const [slug, iat, hw_ms, expect] of ahead) {
    add(slug, `its time is ${iat}.${hw_ms}`, { rule: "F1.5", claims: { iat, hw_ms } }, expect);
  }
  add("audience", "of another log", { rule: "F1.3", claims: { aud: PAY } }, refuse("audience_mismatch", "/aud"));
  const onward = { rule: "F1.4", since: "e1:2", claims: { since: "e1:2" } };
  add("since", "it goes on where it was asked to", onward, accept);
  add("since-first", "asked to go on, it begins anew", { rule: "F1.4", since: "e1:2" }, accept);
  const longest = "e".repeat(512);
  add("since-512", "a head of 512", { rule: "F1.4", since: longest, claims: { since: longest } }, accept);
  const other = { rule: "F1.4", since: "e1:2", claims: { since: "e1:1" } };
  add("since-other", "it answers another question", other, malformed("/since"));
  const first = { rule: "F1.4", claims: { since: "e1:1" } };
  add("since-none", "it goes on where nothing was asked", first, malformed("/since"));
  const values: readonly [slug: string, claims: { readonly [name: string]: Claim }, pointer: string][] = [
    ["epoch-empty", { epoch: "" }, "/epoch"],
    ["epoch-long", { epoch: "e".repeat(513) }, "/epoch"],
    ["head-number", { head: 5 }, "/head"],
    ["since-null", { since: null }, "/since"],
    ["complete-text", { complete: "true" }, "/complete"],
    ["entries-object", { entries: {} }, "/entries"],
    ["exp", { exp: NOW }, "/exp"],
    ["entries-missing", { entries: undefined }, "/entries"],
  ];
  for (const [slug, claims, pointer] of values) {
    add(slug, `a page: ${slug}`, { rule: "F1.2", claims }, malformed(pointer));
  }
  const deep = { entries: [{ at: NOW, id: "1", target: { user: { iss: { a: 1 }, sub: "s" }, not_before: 0 } }] };
  add("deep", "deeper than any entry", { rule: "S3.1", claims: deep }, malformed());
}

function addEntries(): void {
  const good: { readonly [name: string]: Claim } = { at: NOW, id: "1", target: { token: planner.thumbprint } };
  const user = { iss: ISSUER, sub: "alice" };
  const values: readonly [slug: string, changed: { readonly [name: string]: Claim }, at: string][] = [
    ["id-none", { id: undefined }, "/id"],
    ["id-empty", { id: "" }, "/id"],
    ["at-fraction", { at: NOW + 0.5 }, "/at"],
    ["until-text", { until: "5" }, "/until"],
    ["lifts-text", { lifts: "1" }, "/lifts"],
    ["lifts-empty-id", { lifts: [""] }, "/lifts"],
    ["lifts-number", { lifts: [1] }, "/lifts"],
    ["by", { by: "me" }, "/by"],
    ["target-none", { target: undefined }, "/target"],
    ["target-empty", { target: {} }, "/target"],
    ["target-tool", { target: { tool: "pay" } }, "/target"],
    ["token-short", { target: { token: "AAAA" } }, "/target/token"],
    ["token-iss", { target: { iss: ISSUER, token: planner.thumbprint } }, "/target/iss"],
    ["key-number", { target: { key: 5 } }, "/target/key"],
    ["agent-space", { target: { agent: "a b" } }, "/target/agent"],
    ["agent-iss-empty", { target: { agent: "a", iss: "" } }, "/target/iss"],
    ["user-text", { target: { user: "alice", not_before: 0 } }, "/target/user"],
    ["user-sub", { target: { user: { iss: ISSUER }, not_before: 0 } }, "/target/user/sub"],
    ["user-more", { target: { user: { ...user, name: "a" }, not_before: 0 } }, "/target/user/name"],
    ["user-alone", { target: { user } }, "/target/not_before"],
    ["user-negative", { target: { user, not_before: -1 } }, "/target/not_before"],
  ];
  for (const [slug, changed, at] of values) {
    const entry = Object.fromEntries(
      Object.entries({ ...good, ...changed }).filter(([, value]) => value !== undefined),
    );
    const claims = { entries: [good as Json, entry as Json] };
    add(`entry-${slug}`, `an entry: ${slug}`, { rule: "F1.2", claims }, malformed(`/entries/1${at}`));
  }
  add("entry-number", "an entry that is none", { rule: "F1.2", claims: { entries: [7] } }, malformed("/entries/0"));
}

addSigner();
addClaims();
addEntries();

export const feed: readonly StatementVector[] = vectors;
