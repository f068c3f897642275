/** What each statement says of its own: every claim's values, and the words of each refusal. */
import { describe, expect, it } from "vitest";
import { canonicalJson, type JsonValue } from "../../json/index.ts";
import {
  type Claims,
  createWorld,
  errorOf,
  forge,
  hashOf,
  ISSUER,
  JTI,
  NOW,
  PAY,
  refusalOf,
} from "../../world.fixture.ts";
import { thumbprintOf, thumbprintUri } from "../keys/key.ts";
import { type ApprovalRequest, hashOfRequest } from "./approval-request.ts";
import { verifyApproval } from "./verify-approval.ts";
import { verifyRevocation } from "./verify-revocation.ts";

const world = await createWorld();
const root = await world.root();
const other = "A".repeat(43);
const planner = await thumbprintOf(world.planner.publicJwk);
const partner = await createWorld();
const PARTNER = "https://id.partner.example";
const request: ApprovalRequest = {
  audience: PAY,
  tool: "send_payment",
  argumentsHash: { received: other, parsed: other },
  resource: { kind: "payment", id: "PAY-31", attributes: {} },
  user: { issuer: ISSUER, subject: "alice" },
  agents: [{ name: "planner", key: planner }],
  reason: "it is a large payment",
  approvers: 1,
  untilSeconds: NOW + 600,
};
const hash = await hashOfRequest(request);
const trust = [
  { ...world.anchor, approvals: true },
  { ...partner.anchor, issuer: PARTNER, keys: [{ kid: "k2", jwk: partner.issuer.publicJwk }] },
];

type By = "issuer" | "partner" | "planner";

async function signed(typ: string, claims: Claims, by: By): Promise<string> {
  const { signer, named, iss } = {
    issuer: { signer: world.issuer, named: { kid: "k1" }, iss: ISSUER },
    partner: { signer: partner.issuer, named: { kid: "k2" }, iss: PARTNER },
    planner: { signer: world.planner, named: { jkt: planner }, iss: thumbprintUri(planner) },
  }[by];
  const all = { hw: 1, iss, aud: PAY, jti: JTI, iat: NOW, hw_ms: 0, ...claims };
  const payload = canonicalJson(JSON.parse(JSON.stringify(all)) as JsonValue);
  return forge({ alg: "Ed25519", typ, ...named }, payload, signer);
}

/** Asks, and gives the refusal with its words. */
async function told(run: () => Promise<unknown>): Promise<string> {
  const refusal = await refusalOf(run());
  return refusal === "accepted" ? refusal : `${refusal}: ${(await errorOf(run)).message}`;
}

describe("an approval", () => {
  const ask = async (claims: Claims, by: By = "issuer"): Promise<string> => {
    const approvers = [{ issuer: ISSUER, subject: "bob", keys: [world.planner.publicJwk] }];
    const sub = by === "planner" ? {} : { sub: "alice" };
    const text = await signed(
      "hw-approval+jwt",
      { answer: "yes", exp: NOW + 60, request: hash, ...sub, ...claims },
      by,
    );
    return told(() => verifyApproval(text, { trust, request, approvers, nowSeconds: NOW }));
  };

  it.each<[Claims, string]>([
    [{}, "accepted"],
    [{ answer: "maybe" }, 'token_malformed /answer: the token is broken at "/answer": yes or no is expected'],
    [{ answer: true }, "token_malformed /answer"],
    [{ request: "AAAA" }, "token_malformed /request"],
    [{ sub: "" }, "token_malformed /sub"],
    [{ sub: "a".repeat(257) }, "token_malformed /sub"],
    [{ exp: "soon" }, "token_malformed /exp"],
    [{ exp: NOW }, 'token_malformed /exp: the token is broken at "/exp": an approval expires after it was given'],
    [{ exp: NOW + 1 }, "accepted"],
    [{ exp: NOW + 600 }, "accepted"],
    [{ exp: NOW + 601 }, "approval_refused /exp: the approval is not acceptable: it outlives the request"],
    [
      { exp: NOW, iat: NOW - 5 },
      "token_expired /exp: the statement is not good now: it has expired; have the call approved anew (0 seconds ago by",
    ],
    [{ iat: NOW + 30 }, "accepted"],
    [
      { iat: NOW + 30, hw_ms: 1 },
      "token_not_yet_valid /iat: the statement is not good now: its time may be 30 seconds ahead; check the clock (30.001 seconds ahead of",
    ],
    [
      { sub: "bob" },
      'token_untrusted_issuer /sub: the issuer may not say this: its anchor does not let it name this subject: "bob"',
    ],
    [{ request: other }, "approval_refused /request: the approval is not acceptable: it is of another request than"],
    [{ aud: PARTNER }, "audience_mismatch /aud: the approval is meant for another enforcement point"],
  ])("that says %j is answered so: %s", async (claims, expected) => {
    expect((await ask(claims)).slice(0, expected.length)).toBe(expected);
  });

  it("says who may not give it", async () => {
    expect(await ask({}, "partner")).toContain("/iss: the issuer may not say this: its anchor does not let it approve");
    expect(await ask({}, "planner")).toContain("/iss: the approval is not acceptable: an agent of the chain does not");
    const text = await signed("hw-approval+jwt", { answer: "no", exp: NOW + 60, request: hash }, "planner");
    expect(await told(() => verifyApproval(text, { trust, request, nowSeconds: NOW }))).toBe(
      "approval_refused /jkt: the approval is not acceptable: no approver has registered the key that signed",
    );
  });
});

describe("a revocation", () => {
  const ask = async (claims: Claims, by: By = "issuer", evidence?: string): Promise<string> => {
    const revocation = await signed("hw-revoke+jwt", { target: { agent: "planner" }, ...claims }, by);
    const sent = { revocation, ...(evidence !== undefined && { evidence }) };
    return told(() => verifyRevocation(sent, { trust, audience: PAY, nowSeconds: NOW }));
  };
  const forms = "an object with token, key, agent, or user and not_before, is expected";

  it.each<[unknown, string]>([
    ["planner", `token_malformed /target: the token is broken at "/target": ${forms}`],
    [null, "token_malformed /target:"],
    [{}, "token_malformed /target:"],
    [{ key: other, agent: "planner" }, "token_malformed /target:"],
    [{ user: "alice" }, "token_malformed /target:"],
    [{ "not_before,user": NOW }, "token_malformed /target:"],
    [{ token: "AAAA" }, "token_malformed /target/token"],
    [{ key: "AAAA" }, "token_malformed /target/key"],
    [{ key: other }, "accepted"],
    [
      { agent: "a b" },
      'token_malformed /target/agent: the token is broken at "/target/agent": an agent\'s name is letters',
    ],
    [{ agent: "a".repeat(129) }, "token_malformed /target/agent"],
    [{ agent: "a".repeat(128) }, "accepted"],
    [{ user: "", not_before: 0 }, "token_malformed /target/user"],
    [{ user: "a".repeat(257), not_before: 0 }, "token_malformed /target/user"],
    [{ user: "a".repeat(256), not_before: 0 }, "accepted"],
    [{ user: "alice", not_before: "0" }, "token_malformed /target/not_before"],
    [{ user: "alice", not_before: NOW + 1 }, "accepted"],
    [
      { user: "alice", not_before: NOW + 2 },
      'token_malformed /target/not_before: the token is broken at "/target/not_before": what is issued later is not',
    ],
    [
      { token: other },
      "revocation_refused /target/token: this may not be revoked so: the evidence is the chain that ends",
    ],
  ])("of %j is answered so: %s", async (target, expected) => {
    expect((await ask({ target })).slice(0, expected.length)).toBe(expected);
  });

  it.each<[Claims, string]>([
    [{ iat: NOW - 30 }, "accepted"],
    [{ iat: NOW + 30 }, "accepted"],
    [
      { iat: NOW - 31, hw_ms: 999 },
      "token_expired /iat: the statement is not good now: its time must lie within 30 seconds of the verifier's clock; sign it anew (30.001 seconds ago by",
    ],
    [
      { iat: NOW + 30, hw_ms: 1 },
      "token_not_yet_valid /iat: the statement is not good now: its time must lie within 30 seconds of the verifier's clock; sign it anew (30.001 seconds ahead",
    ],
    [{ aud: PARTNER }, "audience_mismatch /aud: the revocation is meant for another log"],
  ])("with %j is answered so: %s", async (claims, expected) => {
    expect((await ask(claims)).slice(0, expected.length)).toBe(expected);
  });

  it("says why it is not the signer's to make", async () => {
    const refused = "this may not be revoked so: ";
    expect(await ask({}, "issuer", root)).toBe(`revocation_refused /target: ${refused}evidence belongs to a token`);
    expect(await ask({}, "planner", root)).toBe(
      `revocation_refused /target: ${refused}only an issuer may revoke a user, a key or an agent`,
    );
    expect(await ask({}, "planner")).toBe(
      `revocation_refused /jkt: ${refused}the signer holds neither the token nor one above it`,
    );
    const target = { token: await hashOf(root) };
    expect(await ask({ target }, "issuer", root)).toBe("accepted");
    expect(await ask({ target }, "partner", root)).toBe(
      `revocation_refused /iss: ${refused}an issuer may revoke what grew from its own roots`,
    );
    const sent = { revocation: await signed("hw-revoke+jwt", { target }, "issuer"), evidence: 5 as never };
    expect(await told(() => verifyRevocation(sent, { trust, audience: PAY, nowSeconds: NOW }))).toBe(
      `revocation_refused /target: ${refused}the evidence is the text of a chain`,
    );
  });
});
