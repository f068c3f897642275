/** Revocations and approvals that nobody honest made: changed, borrowed for something else, signed with other keys. */
import type { JsonObject, JsonValue } from "@hopwise/core/adapter";
import { editJson, randomJson } from "../random/json.ts";
import type { Source } from "../random/source.ts";
import { mutateSegments, mutateText, respellJson } from "../random/texts.ts";
import { openToken, signToken } from "./attack-chain.ts";
import { canonical } from "./attack-proof.ts";
import { type Honest, NOW, PARTNER, PAY, type SigningKey, thumbprint } from "./honest.ts";

export const LOG = "https://revocations.example";

export interface StatementAttack {
  readonly how: string;
  readonly text: string;
  /** Which key of the attackers signed it; undefined where none did. */
  readonly signedBy: SigningKey | undefined;
}

/** One attack on a statement, among others that were seen. */
export function attackStatement(
  honestText: string,
  others: readonly string[],
  honest: Honest,
  source: Source,
): StatementAttack {
  const unsigned = (how: string, text: string): StatementAttack => ({ how, text, signedBy: undefined });
  switch (source.below(5)) {
    case 0:
      return unsigned("characters changed", mutateText(honestText, source));
    case 1:
      return unsigned("segments moved", mutateSegments(honestText, others, source));
    case 2:
      return unsigned("another's statement", source.pick(others));
    default:
      return forge(honestText, honest, source);
  }
}

function forge(honestText: string, honest: Honest, source: Source): StatementAttack {
  const key = source.pick([...Object.values(honest.agents), honest.stranger, honest.partner.key]);
  const { header, payload } = openToken(honestText);
  const jkt = thumbprint({ ...key.publicJwk });
  const byIssuer = key === honest.partner.key;
  const own: JsonObject = byIssuer
    ? { ...payload, iss: PARTNER }
    : { ...payload, iss: `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${jkt}` };
  const head = {
    alg: key.algorithm,
    typ: header["typ"] as string,
    ...(byIssuer ? { kid: honest.partner.kid } : { jkt }),
  };
  const claims = source.oneIn(2) ? own : editClaims(own, source);
  const text = source.oneIn(8) ? respellJson(canonical(claims), source) : canonical(claims);
  const spelled = source.oneIn(8) ? respellJson(JSON.stringify(head), source) : JSON.stringify(head);
  return { how: "signed by an attacker", text: signToken(spelled, text, key), signedBy: key };
}

function editClaims(claims: JsonObject, source: Source): JsonObject {
  const others: readonly JsonObject[] = [
    { iat: NOW + source.pick([0, 29, 30, 31, -29, -30, -31, -3600, 3600, 0.5]) },
    { hw_ms: source.pick<JsonValue>([0, 999, 1000, -1, 0.5, "0"]) },
    { aud: source.pick<JsonValue>([LOG, PAY, "https://evil.example/", ""]) },
    { jti: source.pick(["A".repeat(22), "", "A".repeat(21)]) },
    { hw: source.pick<JsonValue>([1, 2, "1"]) },
    { sub: source.pick(["alice", "bob", ""]) },
    { answer: source.pick<JsonValue>(["yes", "no", true]) },
    { exp: NOW + source.pick([-1, 0, 1, 600, 601]) },
    { request: "A".repeat(43) },
    { target: source.pick<JsonValue>(TARGETS) },
    { x: randomJson(source, 2) },
  ];
  if (source.oneIn(6)) return editJson(claims, source) as JsonObject;
  return { ...claims, ...source.pick(others) };
}

const TARGETS: readonly JsonValue[] = [
  { user: "alice", not_before: NOW },
  { user: "p1", not_before: NOW + 1 },
  { user: "p1", not_before: NOW * 1000 },
  { key: "A".repeat(43) },
  { agent: "planner" },
  { token: "A".repeat(43) },
  {},
  [],
];
