/**
 * What may be accepted, whoever signed it: written from the table of claims in the specification, over the plain JSON of the
 * tokens, with the model's sets for the grants. Says what is wrong with an acceptance, in words.
 */

import { createPublicKey, verify } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { JsonObject, JsonValue } from "@hopwise/core/adapter";
import type { Constraint, Grant } from "@hopwise/core/grant";
import type { Chain } from "../../../packages/core/src/token/index.ts";
import { has } from "../model/model.ts";
import { DOMAIN, probes } from "../random/values.ts";
import { type OpenToken, openToken } from "./attack-chain.ts";
import { type Honest, NOW, PARTNER, PAY, sha256, thumbprint } from "./honest.ts";

const ABSENT: Constraint = { constraint_type: "absent" };

/** Undefined where a chain may be accepted; else the first thing that is wrong with it. */
export function problemOf(compact: string, honest: Honest, signed: boolean): string | undefined {
  const tokens = compact.split("~").map((text) => ({ ...openToken(text), text }));
  const inputs = new Set(honest.chains.flatMap((chain) => chain.tokens.map((token) => openToken(token).input)));
  if (!signed && !tokens.every(({ input }) => inputs.has(input))) return "somebody honest never signed this";
  const root = tokens[0] as OpenToken;
  const rootProblem = inputs.has(root.input) ? undefined : problemOfPartner(tokens[0] as Signed, honest);
  if (rootProblem !== undefined) return rootProblem;
  let audience = root.payload["aud"] as readonly JsonValue[];
  for (const [i, token] of tokens.entries()) {
    const parent = tokens[i - 1];
    if (parent === undefined) continue;
    const problem = isSignedBy(token, parent.payload["cnf"])
      ? problemOfLink(token, parent, root, audience)
      : "a signature";
    if (problem !== undefined) return `token ${i}: ${problem}`;
    if (tokens.slice(0, i).some(({ payload }) => payload["jti"] === token.payload["jti"])) return `token ${i}: its jti`;
    const spends = problemOfBudget(
      token,
      tokens.slice(0, i).map(({ payload }) => payload["budget"]),
      root,
    );
    if (spends !== undefined) return `token ${i}: ${spends}`;
    audience = (token.payload["aud"] as readonly JsonValue[] | undefined) ?? audience;
  }
  return undefined;
}

interface Signed extends OpenToken {
  readonly text: string;
}

function isSignedBy({ text, input }: Signed, cnf: JsonValue | undefined): boolean {
  const { jwk } = cnf as { jwk: { kty: string } };
  const key = createPublicKey({ key: jwk, format: "jwk" });
  const signature = Buffer.from(text.split(".")[2] ?? "", "base64url");
  const bytes = Buffer.from(input);
  return jwk.kty === "OKP"
    ? verify(null, bytes, key, signature)
    : verify("sha256", bytes, { key, dsaEncoding: "ieee-p1363" }, signature);
}

/** A root that acme did not sign: the partner's, within what its anchor pins. */
function problemOfPartner(token: Signed, { partner }: Honest): string | undefined {
  const { payload, header } = token;
  if (!isSignedBy(token, { jwk: { ...partner.key.publicJwk } })) return "a root that no trusted issuer signed";
  if (header["kid"] !== partner.kid || header["typ"] !== "aat+jwt") return "the header";
  if (payload["iss"] !== PARTNER) return "the partner spoke as somebody else";
  if (payload["hw"] !== 1 || payload["del_depth"] !== 0) return "hw or del_depth";
  if (payload["sub"] !== "p1") return "the partner named another's subject";
  if (!isDeepStrictEqual(payload["aud"], [PAY])) return "the partner named another audience";
  if (!Object.keys(toolsOf(payload)).every((tool) => tool === "read" || tool === "list")) return "the partner's tools";
  if (number(payload, "exp") - number(payload, "iat") > 600) return "the partner's lifetime";
  if (number(payload, "del_max_depth") > 1) return "the partner's depth";
  const { until, id, from, ...bounds } = Object(payload["budget"]);
  if (payload["budget"] !== undefined) {
    if (typeof id !== "string" || !(from < until) || !(number(payload, "exp") <= until))
      return "the time of its budget";
    const numbers = boundsOf(bounds as Bounds).map(([, most]) => most);
    if (numbers.length === 0 || !numbers.every((most) => Number.isSafeInteger(most) && most >= 0)) return "its budget";
  }
  return problemOfTimes(payload);
}

function problemOfLink(
  child: OpenToken,
  parent: OpenToken,
  root: OpenToken,
  audience: readonly JsonValue[],
): string | undefined {
  const own = child.payload;
  const up = parent.payload;
  const { jwk } = up["cnf"] as { jwk: JsonObject };
  const extra = Object.keys(own).find((name) => !CLAIMS.includes(name));
  if (extra !== undefined) return `an unknown claim ${extra}`;
  if (Object.keys(child.header).sort().join() !== "alg,typ" || child.header["typ"] !== "aat+jwt") return "the header";
  if (own["iss"] !== `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${thumbprint(jwk)}`) return "iss";
  if (own["par_hash"] !== sha256(parent.input)) return "par_hash";
  if (own["del_depth"] !== number(up, "del_depth") + 1) return "del_depth";
  if (number(own, "del_depth") > Math.min(number(up, "del_max_depth"), number(own, "del_max_depth"))) return "too deep";
  if (number(own, "del_max_depth") > number(up, "del_max_depth")) return "the depth ceiling rose";
  if (number(own, "exp") > number(up, "exp")) return "it outlives its parent";
  if (number(own, "iat") < number(up, "iat")) return "it is older than its parent";
  if (own["sub"] !== undefined && own["sub"] !== root.payload["sub"]) return "another subject";
  if (own["txn"] !== undefined && own["txn"] !== root.payload["txn"]) return "another transaction";
  const aud = own["aud"] as readonly JsonValue[] | undefined;
  if (aud !== undefined && (aud.length === 0 || !aud.every((name) => audience.includes(name))))
    return "a wider audience";
  return problemOfTimes(own) ?? problemOfGrant(toolsOf(up), toolsOf(own));
}

const CLAIMS = [
  "jti",
  "iss",
  "iat",
  "exp",
  "cnf",
  "del_depth",
  "del_max_depth",
  "authorization_details",
  "act",
  "par_hash",
  "sub",
  "aud",
  "txn",
  "budget",
];

type Sums = { readonly [tool: string]: { readonly [argument: string]: number } };
type Bounds = { readonly calls?: number; readonly sums?: Sums };

/** Whether a child's budget is made of numbers, none of which is above what any token above it says. */
function problemOfBudget(
  { payload }: OpenToken,
  above: readonly (JsonValue | undefined)[],
  root: OpenToken,
): string | undefined {
  const own = payload["budget"] as Bounds | undefined;
  if (own === undefined) return undefined;
  if (above[0] === undefined) return "a budget of a root that has none";
  const names = Object.keys(own);
  if (names.length === 0 || !names.every((name) => name === "calls" || name === "sums"))
    return "the form of its budget";
  for (const [place, most] of boundsOf(own)) {
    if (!Number.isSafeInteger(most) || most < 0) return "a bound of its budget that is no number";
    const wide = above.flatMap((budget) => boundsOf(budget as Bounds)).filter(([other]) => other === place);
    if (wide.some(([, bound]) => most > bound)) return `the bound ${place}`;
  }
  const many = (root.payload["aud"] as readonly string[]).length > 1;
  return Object.keys(own.sums ?? {}).some((tool) => tool.includes("#") !== many) ? "a sum of no tool" : undefined;
}

function boundsOf({ calls, sums = {} }: Bounds = {}): readonly (readonly [string, number])[] {
  const ofTools = Object.entries(sums).flatMap(([tool, own]) =>
    Object.entries(own).map(([name, most]) => [JSON.stringify([tool, name]), most] as const),
  );
  return calls === undefined ? ofTools : [["calls", calls], ...ofTools];
}

function problemOfTimes(payload: JsonObject): string | undefined {
  if (number(payload, "exp") <= NOW) return "it has expired";
  return number(payload, "iat") > NOW + 30 ? "it is from the future" : undefined;
}

/** Whether what the child may do is a part of what the parent may do, argument by argument, value by value. */
function problemOfGrant(parent: Grant, child: Grant): string | undefined {
  for (const [tool, own] of Object.entries(child)) {
    const [, audience = "", name = ""] = /^(.*#)?([^#]*)$/s.exec(tool) ?? [];
    const isEvery = name === "mcp:tools/*";
    if (isEvery && !Object.entries(child).every(([other, its]) => /(^|#)mcp:tools\/\*$/.test(other) && isEmpty(its)))
      return "every tool beside others";
    // No operation of MCP is one of the tools.
    const isATool = isEvery || (name !== "" && !name.startsWith("mcp:"));
    if (isATool && Object.hasOwn(parent, `${audience}mcp:tools/*`)) continue;
    if (!Object.hasOwn(parent, tool)) return `the tool ${tool}`;
    const up = parent[tool] as Grant[string];
    if (isEmpty(up)) continue;
    if (isEmpty(own)) return `any arguments of ${tool}`;
    for (const name of new Set([...Object.keys(up), ...Object.keys(own)])) {
      const wide = Object.hasOwn(up, name) ? (up[name] as Constraint) : ABSENT;
      const narrow = Object.hasOwn(own, name) ? (own[name] as Constraint) : ABSENT;
      const outside = [...DOMAIN, ...probes(wide), ...probes(narrow)].find((v) => has(narrow, v) && !has(wide, v));
      if (outside !== undefined || (has(narrow, undefined) && !has(wide, undefined)))
        return `${tool}.${name}: ${JSON.stringify({ wide, narrow, outside })}`;
    }
  }
  return undefined;
}

function isEmpty(own: object): boolean {
  return Object.keys(own).length === 0;
}

function toolsOf(payload: JsonObject): Grant {
  return (payload["authorization_details"] as readonly JsonObject[])[0]?.["tools"] as unknown as Grant;
}

function number(payload: JsonObject, name: string): number {
  const value = payload[name];
  return typeof value === "number" ? value : Number.NaN;
}

/** Whether a verified chain says what its tokens say, to every other reader of JSON as well. */
export function saysTheSame(chain: Chain, compact: string): boolean {
  const tokens = compact.split("~").map(openToken);
  const root = tokens[0] as OpenToken;
  const auds = tokens.map(({ payload }) => payload["aud"]).filter((aud) => aud !== undefined);
  return (
    isDeepStrictEqual(
      [chain.user, chain.rootAudience, chain.audience, chain.expiresAt, chain.id, { ...chain.holder.jwk }],
      [
        { issuer: root.payload["iss"], subject: root.payload["sub"] },
        root.payload["aud"],
        auds.at(-1),
        Math.min(...tokens.map(({ payload }) => number(payload, "exp"))),
        sha256(root.input),
        ((tokens.at(-1) as OpenToken).payload["cnf"] as JsonObject)["jwk"],
      ],
    ) &&
    isDeepStrictEqual(
      chain.links.map(({ hash, jti, agent, key, grant, issuedAt, expiresAt }) => ({
        hash,
        jti,
        agent,
        key,
        grant,
        issuedAt,
        expiresAt,
      })),
      tokens.map(({ payload, input }) => ({
        hash: sha256(input),
        jti: payload["jti"],
        agent: (payload["act"] as JsonObject)["sub"],
        key: thumbprint((payload["cnf"] as JsonObject)["jwk"] as JsonObject),
        grant: toolsOf(payload),
        issuedAt: payload["iat"],
        expiresAt: payload["exp"],
      })),
    )
  );
}
