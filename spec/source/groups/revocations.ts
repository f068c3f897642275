import { compactOf } from "../compact.ts";
import {
  accept,
  anchorOf,
  cloudIssuer,
  cloudPlanner,
  ISSUER,
  issuer,
  type Json,
  NOW,
  planner,
  refuse,
  researcher,
  stranger,
} from "../forge.ts";
import { LOG, type RevocationScenario, revocation } from "../forge-statement.ts";
import { base64url, keyMadeFor, otherSignature } from "../keys.ts";
import type { Expect, StatementVector } from "../vector.ts";
import { type Add, addFrame, malformed } from "./statements.ts";

const vectors: StatementVector[] = [];
const add: Add<RevocationScenario> = (slug, description, scenario, expect) => {
  vectors.push(revocation(`revocations/${slug}`, description, scenario, expect));
};
const refused = (pointer: string): Expect => refuse("revocation_refused", pointer);
const byIssuer = { kid: "k1", evidence: false } as const;
const three = [{}, {}];

/** Of chains: who may revoke which token. */
function addTokens(): void {
  add("delegator", "the token that the signer made", { rule: "R1.3" }, accept);
  add("holder", "the token that the signer holds", { rule: "R1.3", signer: researcher }, accept);
  add("own-root", "the root that the signer holds", { rule: "R1.3", links: [] }, accept);
  add("below", "a token two below the signer's", { rule: "R1.3", links: three }, accept);
  add(
    "middle",
    "the token that an agent in the middle made",
    { rule: "R1.3", links: three, signer: researcher },
    accept,
  );
  add("es256", "ES256 throughout", { rule: "S2.3", signer: cloudPlanner, root: { holder: cloudPlanner } }, accept);
  const twin = { rule: "S2.4", signer: cloudPlanner, root: { holder: cloudPlanner }, signature: otherSignature };
  add("es256-twin", "the other signature of the same text", twin, accept);
  add("issuer-root", "an issuer's own root", { rule: "R1.4", kid: "k1", links: [] }, accept);
  add(
    "issuer-key-made-for-it",
    "by an issuer's key, and another issuer has one that was made to verify this very signature",
    {
      ...byIssuer,
      rule: "S4.2",
      signer: cloudIssuer,
      target: { agent: "planner" },
      trust: (text) => [
        anchorOf(cloudIssuer, {
          issuer: "https://partner.example",
          keys: [{ kid: "k1", jwk: keyMadeFor(text, cloudIssuer) }],
        }),
        anchorOf(cloudIssuer),
      ],
    },
    accept,
  );
  add("issuer-below", "a token below an issuer's root", { rule: "R1.4", kid: "k1", links: three }, accept);

  add(
    "above",
    "the root, by the holder of a token below it",
    { rule: "R1.3", signer: researcher, evidence: firstToken, target: "root" },
    refused("/jkt"),
  );
  add(
    "above-named",
    "the root, with the whole chain as evidence",
    { rule: "R1.3", signer: researcher, target: "root" },
    refused("/target/token"),
  );
  add(
    "above-own",
    "a token above the evidence's last, by its own holder",
    { rule: "R1.3", target: "root" },
    refused("/target/token"),
  );
  add("stranger", "by a key that is not in the chain", { rule: "S2.1", signer: stranger }, refused("/jkt"));
  add("no-evidence", "a token without evidence", { rule: "S2.1", evidence: false }, refused("/jkt"));
  add(
    "no-evidence-issuer",
    "a token without evidence, by its issuer",
    { rule: "R1.3", kid: "k1", evidence: false },
    refused("/target/token"),
  );
  const jti = { token: base64url(Buffer.alloc(32, 7)) };
  add("other-token", "a token of another chain", { rule: "R1.3", target: jti }, refused("/target/token"));
  addEvidence();
}

const firstToken = (chain: string): string => chain.split("~")[0] as string;

/** The chain that comes along. */
function addEvidence(): void {
  const late = { rule: "R1.1", now: NOW + 7200 };
  add("evidence-expired", "evidence that has expired", late, accept);
  add("evidence-expired-leaf", "evidence whose last token has expired", { rule: "R1.1", now: NOW + 1900 }, accept);
  add("evidence-compact", "evidence in the compact form", { rule: "R1.1", links: three, evidence: compactOf }, accept);
  add("evidence-none-text", "an empty text as evidence", { rule: "R1.1", evidence: () => "" }, malformed());
  const ahead = { rule: "R1.1", links: [{ claims: { iat: NOW + 31 } }] };
  add("evidence-ahead", "evidence that is not valid yet", ahead, refuse("token_not_yet_valid", "/iat"));
  const wider = { rule: "R1.1", links: [{ claims: { exp: NOW + 3541 } }] };
  add("evidence-widened", "evidence of which a token outlives its parent", wider, refuse("chain_widened", "/exp"));
  const forged = { rule: "R1.1", links: [{ signer: stranger }] };
  add(
    "evidence-forged",
    "evidence whose last token was signed by a stranger",
    forged,
    refuse("token_signature_invalid"),
  );
  const foreign = { rule: "R1.1", root: { signer: cloudIssuer } };
  add("evidence-untrusted", "evidence of an issuer that is not trusted", foreign, refuse("token_alg_refused"));
  const first = { rule: "R1.1", links: [{ signer: stranger }], signature: () => Buffer.alloc(64) };
  add(
    "evidence-first",
    "broken evidence and a broken signature: the evidence is told first",
    first,
    refuse("token_signature_invalid"),
  );
  const form = { rule: "S1.2", header: { typ: "JWT" }, links: [{ signer: stranger }] };
  add("form-first", "a broken form and broken evidence: the form is told first", form, malformed());
}

/** Of users, keys and agents: an issuer alone, in its own chains. */
function addIssuers(): void {
  const targets: readonly [slug: string, target: Json][] = [
    ["user", { user: "alice", not_before: NOW }],
    ["key", { key: researcher.thumbprint }],
    ["agent", { agent: "researcher" }],
  ];
  for (const [slug, target] of targets) {
    add(`issuer-${slug}`, `a ${slug}, by an issuer`, { rule: "R1.5", ...byIssuer, target }, accept);
    add(`issuer-${slug}-evidence`, `a ${slug}, with evidence`, { rule: "R1.5", kid: "k1", target }, refused("/target"));
    add(`holder-${slug}`, `a ${slug}, by a holder`, { rule: "R1.5", target }, refused("/target"));
  }
  const partner = "https://id.partner.example";
  const trust = [ISSUER, partner].map((name, i) => ({
    issuer: name,
    keys: [{ kid: `k${i + 1}`, jwk: i === 0 ? issuer.publicJwk : stranger.publicJwk }],
    audiences: ["https://pay.acme.example/mcp"],
    subjects: "any" as const,
    tools: "any" as const,
  }));
  const other = { trust, kid: "k2", signer: stranger, claims: { iss: partner } };
  add("issuer-other", "a token of another issuer's chain", { rule: "R1.4", ...other }, refused("/iss"));
  const user = { ...other, evidence: false as const, target: { user: "alice", not_before: 0 } };
  add("issuer-other-user", "a user of its own, who has the name of another's", { rule: "R1.5", ...user }, accept);
}

function addTargets(): void {
  const forms: readonly [slug: string, target: Json][] = [
    ["text", "token"],
    ["null", null],
    ["empty", {}],
    ["array", [1]],
    ["two", { key: planner.thumbprint, agent: "planner" }],
    ["chain", { chain: planner.thumbprint }],
    ["user-alone", { user: "alice" }],
    ["not-before-alone", { not_before: NOW }],
    ["joined-comma", { "not_before,user": NOW }],
    ["joined-space", { "not_before user": NOW }],
  ];
  for (const [slug, target] of forms) {
    add(`target-${slug}`, `target is ${slug}`, { rule: "R1.2", ...byIssuer, target }, malformed("/target"));
  }
  const values: readonly [slug: string, target: Json, pointer: string][] = [
    ["token-short", { token: "AAAA" }, "/target/token"],
    ["token-number", { token: 5 }, "/target/token"],
    ["key-short", { key: "AAAA" }, "/target/key"],
    ["agent-space", { agent: "a b" }, "/target/agent"],
    ["agent-empty", { agent: "" }, "/target/agent"],
    ["agent-129", { agent: "a".repeat(129) }, "/target/agent"],
    ["user-empty", { user: "", not_before: 0 }, "/target/user"],
    ["user-257", { user: "a".repeat(257), not_before: 0 }, "/target/user"],
    ["not-before-text", { user: "alice", not_before: "0" }, "/target/not_before"],
    ["not-before-ahead", { user: "alice", not_before: NOW + 2 }, "/target/not_before"],
    ["not-before-milliseconds", { user: "alice", not_before: NOW * 1000 }, "/target/not_before"],
  ];
  for (const [slug, target, pointer] of values) {
    add(`target-${slug}`, `a target: ${slug}`, { rule: "R1.2", ...byIssuer, target }, malformed(pointer));
  }
  const next = { user: "alice", not_before: NOW + 1 };
  add(
    "target-not-before-now",
    "everything up to this very second",
    { rule: "R1.2", ...byIssuer, target: next },
    accept,
  );
}

function addTimes(): void {
  const time = (iat: number, hw_ms: number, rule = "R1.7") => ({ rule, claims: { iat, hw_ms } });
  add("time-before", "made 30 seconds ago", time(NOW - 30, 0), accept);
  add("time-after", "made 30 seconds ahead", time(NOW + 30, 0, "R1.8"), accept);
  add("time-late", "made 30.001 seconds ago", time(NOW - 31, 999), refuse("token_expired", "/iat"));
  add("time-early", "made 30.001 seconds ahead", time(NOW + 30, 1, "R1.8"), refuse("token_not_yet_valid", "/iat"));
  const names = { rule: "R1.6", audience: ["https://a.example", LOG] };
  add("audience-second", "for the second name of the log", names, accept);
}

addFrame(add, "hw-revoke+jwt", ["target"], "R1.6");
addTokens();
addIssuers();
addTargets();
addTimes();

export const revocations: readonly StatementVector[] = vectors;
