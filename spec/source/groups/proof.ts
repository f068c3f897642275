import {
  accept,
  canonical,
  cloudPlanner,
  DOCS,
  type Json,
  NOW,
  PAY,
  planner,
  refuse,
  researcher,
  stranger,
  vector,
} from "../forge.ts";
import { collect } from "../group.ts";
import { base64url, id } from "../keys.ts";

const invalid = refuse("proof_invalid");
const other = vector("another chain of the planner's", "", { rule: "" }, accept).input;

export const proof = collect("proof", (add) => {
  add("window-before", "a proof made 30 seconds ago", { rule: "V8.16", proof: { claims: { iat: NOW - 30 } } }, accept);
  add("window-after", "a proof made 30 seconds ahead", { rule: "V8.16", proof: { claims: { iat: NOW + 30 } } }, accept);
  add(
    "window-millisecond",
    "a proof made 29.999 seconds ahead",
    { rule: "V8.16", proof: { claims: { iat: NOW + 29, hw_ms: 999 } } },
    accept,
  );
  add(
    "window-before-millisecond",
    "a proof made 30.001 seconds ago",
    { rule: "V8.16", proof: { claims: { iat: NOW - 31, hw_ms: 999 } } },
    invalid,
  );
  add(
    "window-after-millisecond",
    "a proof made 30.001 seconds ahead",
    { rule: "V8.16", proof: { claims: { iat: NOW + 30, hw_ms: 1 } } },
    invalid,
  );
  add(
    "arguments-reordered",
    "arguments in another order, with white space",
    {
      rule: "V8.13",
      tool: "send_payment",
      arguments: { text: ' { "currency":"EUR",\n"amount": 1e2, "to":"Globex" } ' },
    },
    accept,
  );
  add(
    "arguments-escaped",
    "arguments with escapes that say the same",
    { rule: "V8.13", arguments: { text: '{"\\u0069d":"INV\\u002d7"}' } },
    accept,
  );
  add(
    "second-audience",
    "a proof for the second audience of two, at a point with both names",
    {
      rule: "V8.11",
      root: { claims: { aud: [PAY, DOCS] }, grant: { [`${DOCS}#t`]: {} } },
      anchor: { audiences: [PAY, DOCS] },
      audience: [PAY, DOCS],
      tool: "t",
      proof: { claims: { aat_aud: DOCS, aat_tool: `${DOCS}#t` } },
      arguments: {},
    },
    accept,
  );

  add(
    "arguments-null-for-none",
    "null for the arguments is {}",
    {
      rule: "V0.2",
      root: { grant: { t: {} } },
      tool: "t",
      arguments: { text: "null" },
      proof: { claims: { hta: {} } },
    },
    accept,
  );
  add(
    "arguments-of-listing",
    "what comes with a listing is not looked at",
    { rule: "V0.2", tool: "mcp:tools/list", arguments: { cursor: "2" }, proof: { claims: { hta: {} } } },
    accept,
  );
  add("missing", "a chain without a proof", { rule: "V0.4", proof: false }, refuse("proof_missing"));
  add(
    "arguments-no-json",
    "arguments that are no JSON",
    { rule: "V0.1", arguments: { text: "{id: 'INV-7'}" } },
    refuse("arguments_malformed"),
  );
  add(
    "arguments-array",
    "arguments that are an array",
    { rule: "V0.2", arguments: { text: '["INV-7"]' } },
    refuse("arguments_malformed", ""),
  );
  add(
    "arguments-text",
    "arguments that are a text",
    { rule: "V0.2", arguments: { text: '"INV-7"' } },
    refuse("arguments_malformed", ""),
  );
  add(
    "arguments-before-chain",
    "arguments are read before the chain",
    { rule: "V0.1", arguments: { text: "" }, chain: () => "garbage" },
    refuse("arguments_malformed"),
  );

  add(
    "form-segments",
    "a proof of two segments",
    { rule: "V8.2", proofText: (text) => text.slice(0, text.lastIndexOf(".")) },
    invalid,
  );
  add("form-empty", "an empty proof", { rule: "V8.2", proofText: () => "" }, invalid);
  add("form-typ", "typ aat+jwt", { rule: "V8.2", proof: { header: { typ: "aat+jwt" } } }, invalid);
  add("form-dpop", "typ dpop+jwt", { rule: "V8.2", proof: { header: { typ: "dpop+jwt" } } }, invalid);
  add("form-kid", "a kid in a proof", { rule: "V8.2", proof: { header: { kid: "k1" } } }, invalid);
  add(
    "form-jwk",
    "a key in a proof, as DPoP has it",
    { rule: "V8.2", proof: { header: { jwk: { ...planner.publicJwk } as unknown as Json } } },
    invalid,
  );
  add(
    "form-parameter",
    "another parameter in a proof's header",
    { rule: "V8.2", proof: { header: { cty: "json" } } },
    invalid,
  );
  add("alg-none", "alg none", { rule: "V8.2", proof: { header: { alg: "none" } } }, refuse("proof_invalid"));
  add(
    "alg-other",
    "alg ES256 where the leaf's key is Ed25519",
    { rule: "V8.3", proof: { header: { alg: "ES256" } } },
    invalid,
  );
  add(
    "alg-other-key",
    "a proof by an ES256 key under an Ed25519 leaf",
    { rule: "V8.3", proof: { signer: cloudPlanner } },
    invalid,
  );
  add(
    "signed-by-stranger",
    "a proof that somebody else signed",
    { rule: "V8.4", proof: { signer: stranger } },
    invalid,
  );
  add(
    "signed-by-parent",
    "a proof that the parent's holder signed",
    { rule: "V8.4", links: [{}], proof: { signer: planner } },
    invalid,
  );
  add(
    "leaf-dropped",
    "the last token is left out, and its holder presents the broader parent",
    { rule: "V8.4", links: [{}], proof: { signer: researcher }, chain: (text) => text.split("~")[0] as string },
    invalid,
  );
  add(
    "signature-flipped",
    "one bit of the signature is another",
    { rule: "V8.4", proof: { signature: (s) => Buffer.from(s.map((b, i) => (i === 40 ? b ^ 1 : b))) } },
    invalid,
  );

  add("payload-no-json", "a payload that is no JSON", { rule: "V8.5", proof: { payload: () => "{" } }, invalid);
  add("payload-array", "a payload that is an array", { rule: "V8.6", proof: { payload: () => "[]" } }, invalid);
  for (const name of ["aat_aud", "aat_id", "aat_tool", "hta", "hw_leaf", "hw_ms", "iat", "jti"]) {
    add(
      `missing-${name}`,
      `a proof without ${name}`,
      { rule: "V8.6", proof: { claims: { [name]: undefined } } },
      invalid,
    );
  }
  for (const [name, value] of [
    ["exp", NOW + 60],
    ["htm", "POST"],
    ["zz", 1],
  ] as const) {
    add(`more-${name}`, `a proof with ${name}`, { rule: "V8.6", proof: { claims: { [name]: value } } }, invalid);
  }
  add("hta-array", "hta is an array", { rule: "V8.7", proof: { claims: { hta: [] } } }, invalid);
  add("hta-null", "hta is null", { rule: "V8.7", proof: { claims: { hta: null } } }, invalid);
  const uncanonical: [string, string, (text: string) => string][] = [
    ["space", "a space", (text) => text.replace(":", ": ")],
    ["order", "members in another order", (text) => reversed(text)],
    ["number", "a number that is not in its shortest form", (text) => text.replace(`"iat":${NOW}`, `"iat":${NOW}.0`)],
    ["escape", "an escape that is not needed", (text) => text.replace("INV-7", "INV\\u002d7")],
    ["slash", "an escaped slash", (text) => text.replace("https://", "https:\\/\\/")],
  ];
  for (const [slug, description, payload] of uncanonical) {
    add(`canonical-${slug}`, `${description} in the payload`, { rule: "V8.8", proof: { payload } }, invalid);
  }
  add(
    "canonical-hta-order",
    "members of hta in another order",
    {
      rule: "V8.8",
      tool: "send_payment",
      arguments: { amount: 1, currency: "EUR", to: "Globex" },
      proof: { payload: (text) => text.replace('"amount":1,"currency":"EUR"', '"currency":"EUR","amount":1') },
    },
    invalid,
  );
  add(
    "canonical-minus-zero",
    "-0 in hta",
    {
      rule: "V8.8",
      root: { grant: { t: {} } },
      tool: "t",
      arguments: { a: 0 },
      proof: { payload: (text) => text.replace('{"a":0}', '{"a":-0}') },
    },
    invalid,
  );
  add(
    "jti-uuid",
    "jti is a UUID",
    { rule: "V8.9", proof: { claims: { jti: "c980f2a1-4a37-4e88-bb3c-9defd37c1a45" } } },
    invalid,
  );
  add("jti-8", "jti of 8 bytes", { rule: "V8.9", proof: { claims: { jti: base64url(Buffer.alloc(8)) } } }, invalid);
  add("iat-text", "iat is a text", { rule: "V8.9", proof: { claims: { iat: String(NOW) } } }, invalid);
  add("iat-fraction", "iat with a fraction", { rule: "V8.9", proof: { claims: { iat: NOW + 0.5 } } }, invalid);
  for (const [slug, hw_ms] of [
    ["1000", 1000],
    ["negative", -1],
    ["fraction", 0.5],
    ["text", "500"],
    ["null", null],
  ] as const) {
    const description = `hw_ms is ${JSON.stringify(hw_ms)}`;
    add(`millisecond-${slug}`, description, { rule: "V8.9", proof: { claims: { hw_ms } } }, invalid);
  }
  add(
    "aat-id-other",
    "the jti of another leaf",
    { rule: "V8.10", proof: { claims: { aat_id: id("another") } } },
    invalid,
  );
  add(
    "hw-leaf-other",
    "a chain with the same leaf key and jti, and another H(leaf)",
    {
      rule: "V8.10",
      root: { claims: { jti: id("another chain of the planner's root") } },
      proof: { claims: { hw_leaf: base64url(Buffer.alloc(32)) } },
    },
    invalid,
  );
  add(
    "of-another-chain",
    "a good proof of another chain of the same holder",
    { rule: "V8.10", proofText: () => other.proof as string },
    invalid,
  );
  add(
    "of-the-root",
    "a proof whose aat_id and hw_leaf are the root's",
    {
      rule: "V8.10",
      links: [{ holder: planner, agent: "planner" }],
      agents: { planner: { keys: [planner.thumbprint] } },
      proof: { claims: { aat_id: id("proof/of-the-root root") } },
    },
    invalid,
  );

  const mismatch = refuse("proof_audience_mismatch", "/aat_aud");
  add(
    "audience-other",
    "a proof for another enforcement point",
    { rule: "V8.11", proof: { claims: { aat_aud: DOCS } } },
    mismatch,
  );
  add(
    "audience-ours-not-the-chains",
    "a proof for a name of ours that the chain is not for",
    { rule: "V8.11", audience: [PAY, DOCS], proof: { claims: { aat_aud: DOCS } } },
    mismatch,
  );
  add(
    "audience-the-chains-not-ours",
    "a proof for a name of the chain's that is not ours",
    {
      rule: "V8.11",
      root: { claims: { aud: [PAY, DOCS] }, grant: { [`${DOCS}#t`]: {} } },
      anchor: { audiences: [PAY, DOCS] },
      tool: "t",
      proof: { claims: { aat_aud: DOCS, aat_tool: `${DOCS}#t` } },
      arguments: {},
    },
    mismatch,
  );
  add(
    "audience-given-up",
    "a proof for an audience that the leaf gave up",
    {
      rule: "V8.11",
      root: { claims: { aud: [PAY, DOCS] }, grant: { [`${DOCS}#t`]: {} } },
      links: [{ claims: { aud: [PAY] }, grant: { [`${DOCS}#t`]: {} } }],
      anchor: { audiences: [PAY, DOCS] },
      audience: [PAY, DOCS],
      tool: "t",
      proof: { claims: { aat_aud: DOCS, aat_tool: `${DOCS}#t` } },
      arguments: {},
    },
    mismatch,
  );
  add("audience-array", "aat_aud is an array", { rule: "V8.11", proof: { claims: { aat_aud: [PAY] } } }, mismatch);
  add(
    "tool-other",
    "a proof for another tool",
    { rule: "V8.12", proof: { claims: { aat_tool: "send_payment" } } },
    invalid,
  );
  add(
    "tool-qualified",
    "a qualified tool id where the root has one audience",
    { rule: "V8.12", proof: { claims: { aat_tool: `${PAY}#read_invoice` } } },
    invalid,
  );
  add(
    "tool-bare",
    "a bare tool id where the root has two audiences",
    {
      rule: "V8.12",
      root: { claims: { aud: [PAY, DOCS] }, grant: { [`${PAY}#t`]: {} } },
      anchor: { audiences: [PAY, DOCS] },
      tool: "t",
      arguments: {},
    },
    invalid,
  );
  add(
    "tool-listing",
    "a proof for a listing, used for a call",
    { rule: "V8.12", proof: { claims: { aat_tool: "mcp:tools/list", hta: {} } } },
    invalid,
  );

  const argumentsDiffer = refuse("proof_arguments_mismatch", "/hta");
  const hta = (slug: string, description: string, signed: Json, sent: Json | { text: string }): void =>
    add(
      `arguments-${slug}`,
      description,
      { rule: "V8.13", root: { grant: { t: {} } }, tool: "t", arguments: sent, proof: { claims: { hta: signed } } },
      argumentsDiffer,
    );
  hta("changed", "other arguments than those signed", { amount: 1 }, { amount: 9000 });
  hta("type", "a text where a number was signed", { amount: 1 }, { amount: "1" });
  hta("added", "an argument more than signed", { amount: 1 }, { amount: 1, force: true });
  hta("null", "null where nothing was signed", {}, { amount: null });
  hta("empty", "no arguments where some were signed", { amount: 1 }, {});
  hta("array-order", "an array in another order", { a: [1, 2] }, { a: [2, 1] });
  hta("normal-form", "the same letters in another normal form", { a: "\u00e9" }, { a: "e\u0301" });
  add(
    "arguments-listing",
    "arguments signed for a listing",
    { rule: "V8.13", tool: "mcp:tools/list", arguments: {}, proof: { claims: { hta: { cursor: "2" } } } },
    argumentsDiffer,
  );

  add(
    "nonce-not-asked",
    "a nonce where none was asked for",
    { rule: "V8.15", proof: { claims: { nonce: "abc" } } },
    invalid,
  );
  add("window-early", "a proof made 31 seconds ago", { rule: "V8.16", proof: { claims: { iat: NOW - 31 } } }, invalid);
  add("window-late", "a proof made 31 seconds ahead", { rule: "V8.16", proof: { claims: { iat: NOW + 31 } } }, invalid);
  add(
    "window-negative",
    "a proof from long before the epoch",
    { rule: "V8.16", proof: { claims: { iat: -NOW } } },
    invalid,
  );
});

function reversed(text: string): string {
  const members = Object.entries(JSON.parse(text) as { [name: string]: Json }).reverse();
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${canonical(value)}`).join(",")}}`;
}
