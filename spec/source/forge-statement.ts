/** Makes revocations and approvals, right ones and wrong ones. Shares no code with what verifies them. */
import {
  accept,
  anchorOf,
  canonical,
  type Differences,
  ISSUER,
  issuer,
  type Json,
  makeJws,
  NOW,
  PAY,
  planner,
  researcher,
  type TokenDifferences,
  type TrustOf,
  thumbprintUri,
  vector,
} from "./forge.ts";
import { base64url, ed25519Key, id, type Key, p256Key, sha256 } from "./keys.ts";
import type { Anchor, Expect, Jwk, RequestForm, StatementConfig, StatementInput, StatementVector } from "./vector.ts";

export const LOG = "https://revocations.acme.example";
/** A person with a key of her own, registered as an approver. */
export const approver: Key = ed25519Key("approver");
export const cloudApprover: Key = p256Key("cloud approver");
/** Of a log of revocations. */
export const feedKey: Key = ed25519Key("feed");
export const cloudFeedKey: Key = p256Key("cloud feed");

interface Statement extends Differences {
  readonly rule: string;
  /** The key that signs. Default: the planner's, or the approver's; the issuer's where `kid` is there. */
  readonly signer?: Key;
  /** The issuer signs, by this of its keys. */
  readonly kid?: string;
  readonly now?: number;
  readonly anchor?: Partial<Anchor>;
  readonly trust?: TrustOf;
  readonly limits?: { readonly [name: string]: number };
}

export interface RevocationScenario extends Statement {
  readonly root?: TokenDifferences;
  /** The derived tokens of the evidence. Default: one, for the researcher. */
  readonly links?: readonly TokenDifferences[];
  /** Changes the evidence; `false`: none came. */
  readonly evidence?: false | ((chain: string) => string);
  /** Default: the last token of the evidence; or its first. */
  readonly target?: Json | "root";
  readonly audience?: readonly string[];
}

export interface ApprovalScenario extends Statement {
  /** The request that was answered: how it differs. */
  readonly answered?: Partial<RequestForm>;
  /** The request that the call makes: how it differs from the one that was answered. */
  readonly changed?: Partial<RequestForm>;
  readonly approvers?: StatementConfig["approvers"];
}

export function revocation(name: string, about: string, scenario: RevocationScenario, expect: Expect): StatementVector {
  const { root = {}, links = [{}], evidence, audience = [LOG] } = scenario;
  const made = vector(name, "", { rule: "", root, links }, accept);
  const chain = made.input.chain;
  const hashes = chain.split("~").map((token) => base64url(sha256(token.slice(0, token.lastIndexOf(".")))));
  const token = (scenario.target === "root" ? hashes[0] : hashes.at(-1)) as string;
  const { text, keys, trust } = sign(name, "hw-revoke+jwt", scenario, planner, {
    aud: LOG,
    target: scenario.target === undefined || scenario.target === "root" ? { token } : scenario.target,
  });
  const sent = evidence === false ? undefined : (evidence?.(chain) ?? chain);
  return finish(name, about, scenario, expect, {
    keys: { ...made.keys, ...keys },
    config: { trust, audience },
    input: { revocation: text, ...(sent !== undefined && { evidence: sent }) },
  });
}

const ARGUMENTS = { amount: 900, currency: "EUR", to: "Globex" };

/** What alice's planner, and the researcher below it, ask for. */
export const REQUEST: RequestForm = {
  agents: [
    { jkt: planner.thumbprint, sub: "planner" },
    { jkt: researcher.thumbprint, sub: "researcher" },
  ],
  approvers: 1,
  aud: PAY,
  hw: 1,
  read: base64url(sha256(canonical({ ...ARGUMENTS, urgent: false }))),
  reason: "payments above 500 EUR are approved by a second person",
  resource: { attr: { owner: "alice", total: 900 }, id: "PAY-31", kind: "payment" },
  sent: base64url(sha256(canonical(ARGUMENTS))),
  tool: "send_payment",
  until: NOW + 600,
  user: { iss: ISSUER, sub: "alice" },
};

export function approval(name: string, about: string, scenario: ApprovalScenario, expect: Expect): StatementVector {
  const answered: RequestForm = { ...REQUEST, ...scenario.answered };
  const { text, keys, trust } = sign(name, "hw-approval+jwt", scenario, approver, {
    aud: PAY,
    answer: "yes",
    exp: NOW + 300,
    request: base64url(sha256(canonical(answered as unknown as Json))),
    ...(scenario.kid !== undefined && { sub: "bob" }),
  });
  const own = [{ iss: ISSUER, sub: "bob", keys: [approver.publicJwk] }];
  return finish(name, about, scenario, expect, {
    keys,
    config: { trust, approvers: scenario.approvers ?? own },
    input: { approval: text, request: { ...answered, ...scenario.changed } },
  });
}

export interface FeedScenario extends Statement {
  /** The head that was asked for. Default: none. */
  readonly since?: string;
}

/** A page of a log's feed, with one entry of each form. */
export function page(name: string, about: string, scenario: FeedScenario, expect: Expect): StatementVector {
  const entries = [
    { at: NOW, id: "1", target: { token: planner.thumbprint }, until: NOW + 60 },
    { at: NOW, id: "2", target: { iss: ISSUER, key: researcher.thumbprint } },
    { at: NOW, id: "3", target: { agent: "researcher" } },
    { at: NOW, id: "4", target: { not_before: NOW, user: { iss: ISSUER, sub: "alice" } } },
    { at: NOW, id: "5", lifts: ["3"], target: { agent: "researcher" } },
  ];
  const claims = { aud: LOG, complete: true, entries, epoch: "e1", head: "e1:5", since: "" };
  const { text, keys } = sign(name, "hw-revocations+jwt", scenario, feedKey, claims);
  return finish(name, about, scenario, expect, {
    keys,
    config: { trust: [], audience: [LOG], feed: [feedKey.publicJwk, cloudFeedKey.publicJwk] },
    input: { page: text, since: scenario.since ?? "" },
  });
}

interface Signed {
  readonly text: string;
  readonly keys: { readonly [name: string]: Jwk };
  readonly trust: readonly Anchor[];
}

function sign(name: string, typ: string, scenario: Statement, own: Key, claims: { [name: string]: Json }): Signed {
  const { kid, now = NOW, anchor, trust } = scenario;
  const signer = scenario.signer ?? (kid === undefined ? own : issuer);
  const named = kid === undefined ? { jkt: signer.thumbprint } : { kid };
  const frame = {
    hw: 1,
    iss: kid === undefined ? thumbprintUri(signer) : ISSUER,
    jti: id(`${name} statement`),
    iat: now,
    hw_ms: 0,
  };
  const { compact } = makeJws(
    { alg: signer.alg, typ, ...named },
    { ...frame, ...claims },
    { ...scenario, sorted: true },
    signer,
  );
  return {
    text: compact,
    keys: { [signer.name]: signer.privateJwk },
    trust: (typeof trust === "function" ? trust(compact) : trust) ?? [
      anchorOf(issuer, { subjects: ["alice", "bob"], ...anchor }),
    ],
  };
}

function finish(
  name: string,
  description: string,
  { rule, now = NOW, limits }: Statement,
  expect: Expect,
  { keys, config, input }: { keys: StatementVector["keys"]; config: StatementConfig; input: StatementInput },
): StatementVector {
  return { id: name, description, rule, keys, now, config: { ...config, ...(limits && { limits }) }, input, expect };
}
