import { accept, ISSUER, type Json, NOW, planner, refuse, researcher, stranger } from "../forge.ts";
import { type ApprovalScenario, approval, approver, cloudApprover, LOG, REQUEST } from "../forge-statement.ts";
import { base64url, otherSignature } from "../keys.ts";
import type { Expect, RequestForm, StatementVector } from "../vector.ts";
import { type Add, addFrame, malformed } from "./statements.ts";

const vectors: StatementVector[] = [];
const add: Add<ApprovalScenario> = (slug, description, scenario, expect) => {
  vectors.push(approval(`approvals/${slug}`, description, scenario, expect));
};
const refused = (pointer: string): Expect => refuse("approval_refused", pointer);

function addSigners(): void {
  const text = approval("approvals/size-limit", "", { rule: "" }, accept).input;
  const tokenBytes = "approval" in text ? text.approval.length : 0;
  add("size-limit", "as long as a token may be", { rule: "S1.1", limits: { tokenBytes } }, accept);
  add(
    "size-over",
    "a character longer",
    { rule: "S1.1", limits: { tokenBytes: tokenBytes - 1 } },
    refuse("token_too_large"),
  );
  add("yes", "yes, by a registered key", { rule: "A1.1" }, accept);
  add("no", "no, by a registered key", { rule: "A1.1", claims: { answer: "no" } }, accept);
  const cloud = [{ iss: ISSUER, sub: "bob", keys: [approver.publicJwk, cloudApprover.publicJwk] }];
  add("es256", "by the second key of an approver", { rule: "S2.3", signer: cloudApprover, approvers: cloud }, accept);
  const twin = { rule: "S2.4", signer: cloudApprover, approvers: cloud, signature: otherSignature };
  add("es256-twin", "the other signature of the same text", twin, accept);
  add("stranger", "by a key that no approver has", { rule: "S2.1", signer: stranger }, refused("/jkt"));
  add("nobody", "where no approver is registered", { rule: "S2.1", approvers: [] }, refused("/jkt"));

  const agents = [{ iss: ISSUER, sub: "bob", keys: [planner.publicJwk, researcher.publicJwk] }];
  add(
    "agent-first",
    "by the key of the chain's first agent",
    { rule: "A1.2", signer: planner, approvers: agents },
    refused("/iss"),
  );
  add(
    "agent-last",
    "by the key of its last agent",
    { rule: "A1.2", signer: researcher, approvers: agents },
    refused("/iss"),
  );

  const logged = { kid: "k1" };
  add(
    "issuer",
    "yes, by an issuer for a user who logged in",
    { rule: "A1.3", ...logged, anchor: { approvals: true } },
    accept,
  );
  const untrusted = (pointer: string): Expect => refuse("token_untrusted_issuer", pointer);
  add("issuer-silent", "an issuer of which nothing is said", { rule: "A1.3", ...logged }, untrusted("/iss"));
  add(
    "issuer-no",
    "an issuer that may not approve",
    { rule: "A1.3", ...logged, anchor: { approvals: false } },
    untrusted("/iss"),
  );
  const other = { approvals: true, subjects: ["alice"] };
  add(
    "issuer-subject",
    "a user that the issuer may not name",
    { rule: "A1.3", ...logged, anchor: other },
    untrusted("/sub"),
  );
}

function addClaims(): void {
  add("sub-with-key", "a key that names a user", { rule: "S3.5", claims: { sub: "bob" } }, malformed("/sub"));
  const logged = { kid: "k1", anchor: { approvals: true } };
  add(
    "sub-missing",
    "an issuer that names no user",
    { rule: "S3.6", ...logged, claims: { sub: undefined } },
    malformed("/sub"),
  );
  const values: readonly [name: string, slug: string, value: Json][] = [
    ["answer", "true", true],
    ["answer", "other", "maybe"],
    ["answer", "upper", "YES"],
    ["request", "short", "AAAA"],
    ["request", "object", {}],
    ["exp", "text", String(NOW + 300)],
    ["exp", "negative", -1],
    ["exp", "fraction", NOW + 0.5],
  ];
  for (const [name, slug, value] of values) {
    const description = `${name} is ${JSON.stringify(value)}`;
    add(`${name}-${slug}`, description, { rule: "A1.1", claims: { [name]: value } }, malformed(`/${name}`));
  }
  for (const sub of ["", 7, "b".repeat(257)]) {
    const slug = typeof sub === "number" ? "number" : String(sub.length);
    add(`sub-${slug}`, `sub is ${slug}`, { rule: "A1.1", ...logged, claims: { sub } }, malformed("/sub"));
  }
}

/** The request that was answered is the one that the call makes now, member by member. */
function addRequests(): void {
  const accepted: readonly [slug: string, description: string, answered: Partial<RequestForm>][] = [
    ["no-agents", "a user alone", { agents: [] }],
    ["no-attributes", "nothing shown of the resource", { resource: { ...REQUEST.resource, attr: {} } }],
    ["escapes", "texts that canonical form escapes, and letters of other scripts", { reason: 'a"\\\n\u0001é€😀' }],
    [
      "numbers",
      "numbers as canonical form writes them",
      { resource: { ...REQUEST.resource, attr: { a: 12.5, b: 1e-7, c: 0, d: 100, e: 0.1 } } },
    ],
    [
      "order",
      "names that sort by code units",
      { resource: { ...REQUEST.resource, attr: { "\ufb33": 1, "😀": 2, "": 3 } } },
    ],
    ["operation", "an operation of MCP", { tool: "mcp:resources/read" }],
  ];
  for (const [slug, description, answered] of accepted) {
    add(`request-${slug}`, description, { rule: "A1.5", answered }, accept);
  }
  const { resource, agents, user } = REQUEST;
  const hash = base64url(Buffer.alloc(32, 7));
  const [first, second] = agents as [RequestForm["agents"][0], RequestForm["agents"][0]];
  const changes: readonly [slug: string, changed: Partial<RequestForm>][] = [
    ["tool", { tool: "send_payments" }],
    ["sent", { sent: hash }],
    ["read", { read: hash }],
    ["kind", { resource: { ...resource, kind: "invoice" } }],
    ["id", { resource: { ...resource, id: "PAY-32" } }],
    ["attribute", { resource: { ...resource, attr: { owner: "alice", total: 901 } } }],
    ["attribute-text", { resource: { ...resource, attr: { owner: "alice", total: "900" } } }],
    ["attribute-more", { resource: { ...resource, attr: { ...resource.attr, frozen: false } } }],
    ["user", { user: { ...user, sub: "carol" } }],
    ["issuer", { user: { ...user, iss: "https://id.partner.example" } }],
    ["agent", { agents: [first, { ...second, sub: "writer" }] }],
    ["agent-key", { agents: [first, { ...second, jkt: stranger.thumbprint }] }],
    ["agents-fewer", { agents: [first] }],
    ["agents-order", { agents: [second, first] }],
    ["reason", { reason: "none" }],
    ["approvers", { approvers: 2 }],
    ["until", { until: REQUEST.until + 1 }],
  ];
  for (const [slug, changed] of changes) {
    add(`changed-${slug}`, `another ${slug} than was approved`, { rule: "A1.5", changed }, refused("/request"));
  }
  const moved = { rule: "A1.4", changed: { aud: LOG } };
  add("changed-aud", "a call at another enforcement point", moved, refuse("audience_mismatch", "/aud"));
  const renamed = { rule: "A1.5", changed: { aud: LOG }, claims: { aud: LOG } };
  add("changed-aud-both", "answered for another enforcement point than was asked", renamed, refused("/request"));
  add("request-other", "the hash of another request", { rule: "A1.5", claims: { request: hash } }, refused("/request"));
}

function addTimes(): void {
  const exp = (value: number, iat = NOW, rule = "A1.6") => ({ rule, claims: { iat, exp: value } });
  add("exp-iat", "expires when it was given", exp(NOW + 20, NOW + 20), malformed("/exp"));
  add("exp-until", "lives as long as the request", exp(REQUEST.until, NOW, "A1.7"), accept);
  add("exp-later", "outlives the request by a second", exp(REQUEST.until + 1, NOW, "A1.7"), refused("/exp"));
  add(
    "expired",
    "has expired this second",
    { rule: "A1.8", claims: { iat: NOW - 10, exp: NOW } },
    refuse("token_expired", "/exp"),
  );
  add("last-second", "lives a second longer", { rule: "A1.8", claims: { iat: NOW - 10, exp: NOW + 1 } }, accept);
  add("old", "given long ago, and still good", { rule: "A1.8", claims: { iat: NOW - 86_400 } }, accept);
  const ahead = (iat: number, hw_ms: number) => ({ rule: "A1.9", claims: { iat, hw_ms } });
  add("ahead", "given 30 seconds ahead", ahead(NOW + 30, 0), accept);
  add("ahead-more", "given 30.001 seconds ahead", ahead(NOW + 30, 1), refuse("token_not_yet_valid", "/iat"));
}

addFrame(add, "hw-approval+jwt", ["answer", "exp", "request"], "A1.4");
addSigners();
addClaims();
addRequests();
addTimes();

export const approvals: readonly StatementVector[] = vectors;
