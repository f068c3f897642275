/** Calls that nobody honest made: proofs changed, forged, borrowed from other calls and chains, calls that differ from their proof. */
import type { JsonObject, JsonValue } from "@hopwise/core/adapter";
import { editJson, randomJson } from "../random/json.ts";
import type { Source } from "../random/source.ts";
import { decodeText, encodeText, mutateSegments, mutateText, respellJson } from "../random/texts.ts";
import { attackChain, openToken, signToken } from "./attack-chain.ts";
import { DOCS, type Honest, type HonestChain, NOW, PAY, type SigningKey } from "./honest.ts";

export interface ProofAttack {
  readonly how: string;
  readonly call: { readonly tool: string; readonly arguments: unknown };
  readonly chain: string;
  readonly proof: string;
  /** Which key of the attackers signed a new proof; undefined where none did. */
  readonly signedBy: SigningKey | undefined;
}

/** A call that was made and let in, with the proof that it used up. */
export interface HonestCall {
  readonly of: HonestChain;
  readonly tool: string;
  readonly arguments: JsonObject;
  readonly chain: string;
  readonly proof: string;
}

type Attacker = (call: HonestCall, others: readonly HonestCall[], honest: Honest, source: Source) => ProofAttack;

export function attackProof(calls: readonly HonestCall[], honest: Honest, source: Source): ProofAttack {
  return source.pick(source.oneIn(2) ? FORGERIES : BORROWINGS)(source.pick(calls), calls, honest, source);
}

const unsigned = (how: string, call: HonestCall, changed: Partial<ProofAttack>): ProofAttack => ({
  how,
  call: { tool: call.tool, arguments: call.arguments },
  chain: call.chain,
  proof: call.proof,
  signedBy: undefined,
  ...changed,
});

/** What can be done with proofs that one has seen. */
const BORROWINGS: readonly Attacker[] = [
  (call, _, __, source) => unsigned("proof's characters changed", call, { proof: mutateText(call.proof, source) }),
  (call, others, _, source) =>
    unsigned("proof's segments moved", call, {
      proof: mutateSegments(call.proof, [...others.map(({ proof }) => proof), ...call.of.tokens], source),
    }),
  (call, _, __, source) => {
    const segments = call.proof.split(".");
    const at = source.below(2);
    const text = decodeText(segments[at] as string);
    const changed = source.oneIn(2)
      ? respellJson(text, source)
      : JSON.stringify(editJson(JSON.parse(text) as JsonValue, source));
    return unsigned("proof's content changed, not signed", call, {
      proof: segments.with(at, encodeText(changed)).join("."),
    });
  },
  (call, others, _, source) => unsigned("proof of another call", call, { proof: source.pick(others).proof }),
  (call, others, _, source) => unsigned("chain of another call", call, { chain: source.pick(others).chain }),
  (call, others, _, source) => {
    const { tool, arguments: args } = source.pick(others);
    return unsigned("another call than proven", call, { call: { tool, arguments: args } });
  },
  (call, _, __, source) =>
    unsigned("other arguments than proven", call, {
      call: { tool: call.tool, arguments: editJson(call.arguments, source) },
    }),
  (call, _, __, source) =>
    unsigned("other tool than proven", call, { call: { tool: source.pick(TOOLS), arguments: call.arguments } }),
  (call, _, honest, source) => unsigned("chain changed", call, { chain: attackChain(honest, source).compact }),
  (call, _, __, source) => {
    const tokens = call.chain.split("~");
    return unsigned("a shorter chain", call, { chain: tokens.slice(0, source.below(tokens.length) + 1).join("~") });
  },
  (call, others, _, source) => {
    const proof = source.pick([call.chain, source.pick(call.of.tokens), source.pick(others).chain, "", ".", "..", "~"]);
    return unsigned("something else in place of the proof", call, { proof });
  },
];

const TOOLS = [
  "read",
  "send",
  "search",
  "anything",
  `${DOCS}#read`,
  "mcp:tools/list",
  "mcp:prompts/list",
  "mcp:resources/read",
  "__proto__",
  "constructor",
  "",
];

/** What holders can do with their own keys, and with the keys of others. */
const FORGERIES: readonly Attacker[] = [
  (call, _, honest, source) => forge("a new proof by the holder", call, honest, source, (claims) => claims),
  (call, _, honest, source) =>
    forge("claims changed and signed", call, honest, source, (claims) => editClaims(claims, source)),
  (call, _, honest, source) =>
    forge("arguments changed and signed, and sent", call, honest, source, (claims) => ({
      ...claims,
      hta: editJson(claims["hta"] as JsonValue, source),
    })),
  (call, _, honest, source) =>
    forge(
      "spelled otherwise and signed",
      call,
      honest,
      source,
      (claims) => claims,
      (text) => respellJson(text, source),
    ),
  (call, _, honest, source) =>
    forge(
      "header changed and signed",
      call,
      honest,
      source,
      (claims) => claims,
      (text) => text,
      (header) => respellJson(header, source),
    ),
];

function forge(
  how: string,
  call: HonestCall,
  honest: Honest,
  source: Source,
  change: (claims: JsonObject) => JsonObject,
  spell: (text: string) => string = (text) => text,
  spellHeader: (text: string) => string = (text) => text,
): ProofAttack {
  const holder = call.of.keys.at(-1) as SigningKey;
  const key = source.oneIn(6) ? source.pick([...Object.values(honest.agents), honest.stranger]) : holder;
  const fresh = Buffer.from(Array.from({ length: 16 }, () => source.below(256))).toString("base64url");
  const { payload } = openToken(call.proof);
  const claims = change({ ...payload, jti: source.oneIn(8) ? (payload["jti"] as string) : fresh });
  const proof = signToken(
    spellHeader(JSON.stringify({ alg: key.algorithm, typ: "aat-pop+jwt" })),
    spell(source.oneIn(8) ? JSON.stringify(claims) : canonical(claims)),
    key,
  );
  // An edit may have left no object at all.
  const hta = (claims as JsonObject | null)?.["hta"];
  const sent = source.oneIn(6) ? call.arguments : (hta as JsonObject);
  return { how, call: { tool: call.tool, arguments: sent }, chain: call.chain, proof, signedBy: key };
}

/** JCS for the few values there are: members in order, at every level. */
export function canonical(value: JsonValue): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as JsonValue[]).map(canonical).join()}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join()}}`;
}

function editClaims(claims: JsonObject, source: Source): JsonObject {
  const iat = NOW + source.pick([0, 29, 30, 31, -29, -30, -31, -301, 3600, 0.5]);
  const others: readonly JsonObject[] = [
    { iat },
    { iat: String(NOW) },
    { aat_aud: source.pick([PAY, DOCS, "https://evil.example/", `${PAY}/`, ""]) },
    { aat_tool: source.pick(TOOLS) },
    { aat_id: "A".repeat(22) },
    { hw_leaf: "A".repeat(43) },
    { hw_ms: source.pick<JsonValue>([0, 1, 999, 1000, -1, 0.5, "0", null]) },
    { jti: source.pick(["A".repeat(22), "", "A".repeat(21), "AAAAAAAAAAAAAAAAAAAAAB"]) },
    { nonce: "A".repeat(75) },
    { x: randomJson(source, 2) },
    { hta: source.pick<JsonValue>([{}, [], null, { id: "INV-9" }, { id: "INV-7", limit: 10, x: 1 }, "a"]) },
  ];
  if (source.oneIn(6)) return editJson(claims, source) as JsonObject;
  return { ...claims, ...source.pick(others) };
}
