/** Chains that nobody honest made: honest texts that were changed, and tokens that attackers signed with keys they have. */
import type { JsonObject, JsonValue } from "@hopwise/core/adapter";
import { editJson } from "../random/json.ts";
import type { Source } from "../random/source.ts";
import { decodeText, encodeText, mutateSegments, mutateText, respellJson } from "../random/texts.ts";
import { editClaims } from "./claims.ts";
import { DOCS, type Honest, type HonestChain, PARTNER, PAY, type SigningKey, sha256, thumbprint } from "./honest.ts";

export interface Attack {
  /** What was done, for the count and for whoever repeats it. */
  readonly how: string;
  readonly compact: string;
  /** Whether an attacker signed something; otherwise only what honest parties signed may be accepted. */
  readonly signed: boolean;
}

export interface OpenToken {
  readonly header: JsonObject;
  readonly payload: JsonObject;
  /** What is signed. */
  readonly input: string;
}

/** Reads a token as any reader of JSON would. */
export function openToken(token: string): OpenToken {
  const [header = "", payload = ""] = token.split(".");
  return {
    header: JSON.parse(decodeText(header)) as JsonObject,
    payload: JSON.parse(decodeText(payload)) as JsonObject,
    input: `${header}.${payload}`,
  };
}

export function signToken(header: string, payload: string | Uint8Array, key: SigningKey): string {
  const input = `${encodeText(header)}.${encodeText(payload)}`;
  return `${input}.${key.signNow(input).toString("base64url")}`;
}

/** One attack on one of the honest chains. */
export function attackChain(honest: Honest, source: Source): Attack {
  const chain = source.pick(honest.chains);
  return source.pick(source.oneIn(2) ? FORGERIES : TAMPERINGS)(chain, honest, source);
}

type Attacker = (chain: HonestChain, honest: Honest, source: Source) => Attack;

const unsigned = (how: string, tokens: readonly string[], joint = "~"): Attack => ({
  how,
  compact: tokens.join(joint),
  signed: false,
});
const allTokens = (honest: Honest): readonly string[] => honest.chains.flatMap(({ tokens }) => tokens);

/** Replaces one token of a chain by what is made of it. */
function withOne(chain: HonestChain, source: Source, change: (token: string) => string): readonly string[] {
  const at = source.below(chain.tokens.length);
  return chain.tokens.with(at, change(chain.tokens[at] as string));
}

/** Changes the header or the payload of a token and keeps the signature. */
function reencode(token: string, source: Source, change: (text: string) => string): string {
  const segments = token.split(".");
  const at = source.below(2);
  return segments.with(at, encodeText(change(decodeText(segments[at] as string)))).join(".");
}

/** What can be done without any key. */
const TAMPERINGS: readonly Attacker[] = [
  (chain, _, source) => ({
    how: "characters changed",
    compact: mutateText(chain.tokens.join("~"), source),
    signed: false,
  }),
  (chain, honest, source) =>
    unsigned(
      "segments moved",
      withOne(chain, source, (token) => mutateSegments(token, allTokens(honest), source)),
    ),
  (chain, honest, source) =>
    unsigned(
      "a token of another chain",
      withOne(chain, source, () => source.pick(allTokens(honest))),
    ),
  (chain, honest, source) => {
    const other = source.pick(honest.chains).tokens;
    return unsigned("two chains spliced", [...chain.tokens.slice(0, source.below(4)), ...other.slice(source.below(3))]);
  },
  (chain, _, source) => {
    const at = source.below(chain.tokens.length);
    const own = chain.tokens[at] as string;
    return unsigned(
      "tokens dropped, doubled, turned round",
      source.pick([
        chain.tokens.toSpliced(at, 1),
        chain.tokens.toSpliced(at, 0, own),
        chain.tokens.toReversed(),
        chain.tokens.slice(0, at + 1),
      ]),
    );
  },
  (chain, _, source) =>
    unsigned("joined otherwise", chain.tokens, source.pick(["~~", "", ".", ",", " ~", "\n~", "%7E", "～"])),
  (chain, _, source) =>
    unsigned(
      "content changed, not signed",
      withOne(chain, source, (token) =>
        reencode(token, source, (text) => JSON.stringify(editJson(JSON.parse(text) as JsonValue, source))),
      ),
    ),
  (chain, honest, source) =>
    unsigned(
      "claims changed, not signed",
      withOne(chain, source, (token) => {
        const [header = "", , signature = ""] = token.split(".");
        const claims = editClaims(openToken(token).payload, honest, source);
        return `${header}.${encodeText(JSON.stringify(claims))}.${signature}`;
      }),
    ),
  (chain, _, source) =>
    unsigned(
      "JSON respelled, not signed",
      withOne(chain, source, (token) => reencode(token, source, (text) => respellJson(text, source))),
    ),
  (chain, honest, source) =>
    unsigned(
      "signature changed",
      withOne(chain, source, (token) => otherSignature(token, honest, source)),
    ),
];

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ED25519_ORDER = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn;

/** The signature's other half, zeros, another length, ASN.1, or none: malleable forms that must not open anything. */
function otherSignature(token: string, { agents }: Honest, source: Source): string {
  const input = token.slice(0, token.lastIndexOf("."));
  const bytes = Buffer.from(token.slice(token.lastIndexOf(".") + 1), "base64url");
  const r = bytes.subarray(0, 32);
  const s = bytes.subarray(32);
  const scalar = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, "0").slice(-64), "hex");
  const big = BigInt(`0x${s.toString("hex") || "0"}`);
  const little = BigInt(`0x${Buffer.from(s).reverse().toString("hex") || "0"}`);
  const other = source.pick([
    Buffer.concat([r, scalar(P256_ORDER - (big % P256_ORDER))]), // valid for ES256: says the same of the same bytes
    Buffer.concat([r, scalar(little + ED25519_ORDER).reverse()]),
    Buffer.alloc(64),
    Buffer.concat([scalar(P256_ORDER), scalar(P256_ORDER)]),
    bytes.subarray(0, 63),
    Buffer.concat([bytes, Buffer.from([0])]),
    Buffer.concat([Buffer.from([0x30, 0x44, 2, 32]), r, Buffer.from([2, 32]), s]),
    Buffer.alloc(0),
    source.pick(Object.values(agents)).signNow(input),
  ]);
  return `${input}.${other.toString("base64url")}`;
}

/** What holders can do with their own keys, and an issuer that is trusted with little. */
const FORGERIES: readonly Attacker[] = [
  (chain, honest, source) =>
    forge("claims changed and signed", chain, honest, source, (claims) =>
      JSON.stringify(editClaims(claims, honest, source)),
    ),
  (chain, honest, source) =>
    forge("claims changed and signed", chain, honest, source, (claims) =>
      JSON.stringify(editClaims(claims, honest, source)),
    ),
  (chain, honest, source) =>
    forge("JSON respelled and signed", chain, honest, source, (claims) => respellJson(JSON.stringify(claims), source)),
  (chain, honest, source) =>
    forge("bytes changed and signed", chain, honest, source, (claims) => {
      const bytes = Buffer.from(JSON.stringify(claims));
      bytes[source.below(bytes.length)] = source.below(256);
      return Uint8Array.from(bytes);
    }),
  (chain, honest, source) =>
    forge("header changed and signed", chain, honest, source, (claims) => JSON.stringify(claims), otherHeader),
  (chain, honest, source) => extend(chain, honest, source),
];

/** Signs one token of the chain anew, with the right key where an attacker has it, and mends what hangs below. */
function forge(
  how: string,
  chain: HonestChain,
  honest: Honest,
  source: Source,
  payloadOf: (claims: JsonObject) => string | Uint8Array,
  headerOf: (header: JsonObject, source: Source) => string = (header) => JSON.stringify(header),
): Attack {
  const at = source.below(chain.tokens.length);
  const { header, payload } = openToken(chain.tokens[at] as string);
  // Nobody but acme has acme's key. What an attacker can do about a root is to sign it as another trusted issuer.
  const asPartner = at === 0 && !source.oneIn(4);
  const right = asPartner ? honest.partner.key : at === 0 ? honest.stranger : (chain.keys[at] as SigningKey);
  const key = source.oneIn(12)
    ? source.pick([...Object.values(honest.agents), honest.partner.key, honest.stranger])
    : right;
  const claims = asPartner && !source.oneIn(3) ? asGuest(payload, source) : payload;
  const head = { ...header, alg: key.algorithm, ...(asPartner && !source.oneIn(6) && { kid: honest.partner.kid }) };
  const token = signToken(headerOf(head, source), payloadOf(claims), key);
  return { how, compact: mended(chain, at, token, source).join("~"), signed: true };
}

/** What the partner may say, roughly, of claims that acme made. */
function asGuest(claims: JsonObject, source: Source): JsonObject {
  const tools = (claims["authorization_details"] as readonly JsonObject[])[0]?.["tools"] as JsonObject;
  const kept = Object.fromEntries(Object.entries(tools).filter(([tool]) => tool === "read" || source.oneIn(8)));
  return {
    ...claims,
    iss: source.oneIn(6) ? (claims["iss"] as string) : PARTNER,
    sub: source.oneIn(6) ? "alice" : "p1",
    exp: (claims["iat"] as number) + (source.oneIn(6) ? 3600 : 600),
    del_max_depth: source.oneIn(6) ? 3 : 1,
    aud: source.oneIn(6) ? (claims["aud"] as JsonValue) : ["https://pay.example/mcp"],
    authorization_details: [{ type: "attenuating_agent_token", tools: kept }],
  };
}

/** The chain with one token replaced, and the tokens below it cut off, left as they were, or signed again. */
function mended(chain: HonestChain, at: number, token: string, source: Source): readonly string[] {
  const above = [...chain.tokens.slice(0, at), token];
  const below = chain.tokens.slice(at + 1);
  const fate = source.below(4);
  if (fate === 0) return above;
  if (fate === 1) return [...above, ...below];
  const tokens = [...above];
  for (const [i, old] of below.entries()) {
    const { header, payload } = openToken(old);
    const parent = (tokens.at(-1) as string).split(".").slice(0, 2).join(".");
    const text = JSON.stringify({ ...payload, par_hash: sha256(parent) });
    tokens.push(signToken(JSON.stringify(header), text, chain.keys[at + 1 + i] as SigningKey));
  }
  return tokens;
}

function otherHeader(header: JsonObject, source: Source): string {
  const text = JSON.stringify(header);
  switch (source.below(4)) {
    case 0:
      return respellJson(text, source);
    case 1:
      return JSON.stringify({
        ...header,
        alg: source.pick(["none", "HS256", "EdDSA", "ES256", "Ed25519", "RS256", "ed25519", null]),
      });
    case 2: {
      const extra = source.pick([
        { jwk: {} },
        { jku: "https://evil.example" },
        { crit: ["b64"] },
        { b64: false },
        { x5c: [] },
        { kid: "partner" },
        { cty: "JWT" },
        { zip: "DEF" },
      ]);
      return JSON.stringify({ ...header, ...extra });
    }
    default:
      return JSON.stringify({
        ...header,
        typ: source.pick(["JWT", "aat-pop+jwt", "AAT+JWT", "application/aat+jwt", "", null]),
      });
  }
}

/** The last holder hands on: as it should, or with claims changed. */
function extend(chain: HonestChain, honest: Honest, source: Source): Attack {
  const leaf = openToken(chain.tokens.at(-1) as string);
  const holder = chain.keys.at(-1) as SigningKey;
  const to = source.pick(Object.entries(honest.agents));
  const { aud: _aud, hw: _hw, hw_src: _source, sub: _sub, txn: _txn, ...rest } = leaf.payload;
  const child: JsonObject = {
    ...rest,
    jti: source.oneIn(8) ? (leaf.payload["jti"] as string) : sha256(`${leaf.input} handed on`).slice(0, 21).concat("A"),
    iss: `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${thumbprint({ ...holder.publicJwk })}`,
    act: { sub: to[0] },
    cnf: { jwk: { ...to[1].publicJwk } },
    del_depth: (leaf.payload["del_depth"] as number) + 1,
    par_hash: sha256(leaf.input),
  };
  const aud = source.pick([[PAY], [DOCS], [PAY, DOCS]]);
  const claims = source.oneIn(4) ? { ...child, ...(source.oneIn(2) && { aud }) } : editClaims(child, honest, source);
  const token = signToken(JSON.stringify({ alg: holder.algorithm, typ: "aat+jwt" }), JSON.stringify(claims), holder);
  return { how: "handed on by the last holder", compact: [...chain.tokens, token].join("~"), signed: true };
}
