/** What somebody meant, where letters do not tell it: told in words that lead to what is right. */
import { generateKeyPairSync } from "node:crypto";
import {
  createAuthorizer,
  createIssuer,
  createTrust,
  delegate,
  generateSigner,
  inMemoryAgents,
  memoryAudit,
  signerFromJwk,
} from "@hopwise/core";
import { revocationsOverHttp } from "@hopwise/core/state";
import { allowAll, createCompany } from "@hopwise/core/testing";
import { hashOfRequest, signApproval } from "@hopwise/core/tokens";
import { exportJWK, generateKeyPair } from "jose";
import { describe, expect, it } from "vitest";

const company = await createCompany();
const { audience } = company;
const held = await company.chain("alice", "planner");
const signer = await generateSigner();
const { publicKey, privateKey } = await generateKeyPair("Ed25519", { extractable: true });
const PUBLIC = (await exportJWK(publicKey)) as typeof signer.publicJwk;
const PRIVATE = await exportJWK(privateKey);
const OTHER = await exportJWK((await generateKeyPair("Ed25519", { extractable: true })).privateKey);
const P384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
const authorizer = {
  cerbos: allowAll(),
  audience,
  trust: [company.issuer.trustAnchor],
  users: company.users,
  agents: company.agents,
  tools: company.tools,
  audit: memoryAudit(),
};
const REQUEST = {
  audience,
  tool: "pay",
  argumentsHash: { received: held.id, parsed: held.id },
  resource: { kind: "payment", id: "1", attributes: {} },
  user: { issuer: "https://id.example", subject: "alice" },
  agents: [],
  reason: "large",
  approvers: 1,
  untilSeconds: 1_900_000_000,
};
const shown = { id: "r1", request: REQUEST, hash: held.id, user: "alice", state: "waiting", answers: [] };
const order = { subject: "alice", agent: "planner", holder: signer, grant: held.grant };
const issuer = { issuer: "https://id.example", signer, audiences: [audience], subjects: "any", tools: "any" };
const told = { url: "https://pay.example/revocations", keys: [PUBLIC], audience };

const rows: { readonly [what: string]: readonly [() => unknown, RegExp] } = {
  "all that an inbox shows, in the place of the request": [
    () => signApproval({ signer, request: shown as never, answer: "yes" }),
    /^signApproval: request must be .*pass shown\.request/,
  ],
  "the same, to be hashed": [() => hashOfRequest(shown as never), /pass shown\.request/],
  "a resource, where others than us say kind": [
    () => createAuthorizer({ ...authorizer, tools: { pay: { resource: "payment", action: "pay" } } as never }),
    /tools\.pay\.resource is not an option; did you mean "kind"\?/,
  ],
  "the address of a feed without https": [
    () => revocationsOverHttp({ ...told, url: "http://pay.example/revocations" }),
    /url must be an https address.*, such as https:\/\/pay\.example\/revocations/,
  ],
  "a holder that was not awaited": [
    () => company.issuer.issue({ ...order, holder: generateSigner() as never }),
    /^issue: holder must be a signer.*; got a promise; await it first$/,
  ],
  "an issuer that was not awaited, among those that are trusted": [
    () => createAuthorizer({ ...authorizer, trust: [createIssuer(issuer as never) as never] }),
    /^createAuthorizer: trust\[0\] must be .*; got a promise; await it first$/,
  ],
  "an issuer itself, among those that are trusted": [
    () => createAuthorizer({ ...authorizer, trust: [company.issuer as never] }),
    /^createAuthorizer: trust\[0\] must be a trust anchor, and not its issuer: issuer\.trustAnchor/,
  ],
  "an issuer that was not awaited, to be changed later": [
    () => createTrust([createIssuer(issuer as never) as never]),
    /anchors\[0\] must be .*; got a promise; await it first$/,
  ],
  "a delegation that was not awaited": [
    () => delegate(company.issuer.issue(order) as never, { to: "researcher", holder: signer, grant: held.grant }),
    /^not a delegation.*; got a promise; await it first$/,
  ],
  "a public key, to sign with": [() => signerFromJwk(PUBLIC), /must be a private JWK, with d; got a public key$/],
  "a public key, as a signer": [
    () => createIssuer({ ...issuer, signer: PUBLIC } as never),
    /signer .*; got a public key$/,
  ],
  "a signer whose public key has other members": [
    () => createIssuer({ ...issuer, signer: { ...signer, publicJwk: { ...signer.publicJwk, kid: "k1" } } } as never),
    /signer must be a signer, .* whose publicJwk has no member but kty, crv, x and y; got a signer whose publicJwk has other members, too$/,
  ],
  "a key of another kind, to sign with": [
    () => signerFromJwk(P384.privateKey.export({ format: "jwk" }) as never),
    /must be a private JWK, with d: only Ed25519 and P-256 keys are known$/,
  ],
  "a secret, to sign with": [
    () => signerFromJwk({ kty: "oct", k: "aGk" } as never),
    /must be a private JWK, with d; got a private key of another kind, oct$/,
  ],
  "a key whose private half is there and undefined, to sign with": [
    () => signerFromJwk({ ...PRIVATE, d: undefined } as never),
    /must be a private JWK, with d; got a public key$/,
  ],
  "the halves of two keys, to sign with": [
    () => signerFromJwk({ ...PRIVATE, d: OTHER.d } as never),
    /^signerFromJwk: d is not the private half of the public key that stands beside it; take both from one key$/,
  ],
  "the text of a PEM file, to sign with": [
    () => signerFromJwk(P384.privateKey.export({ format: "pem", type: "pkcs8" }) as never),
    /; got a PEM text: createPrivateKey or createPublicKey of node:crypto reads it, and its export\({ format: "jwk" }\) is a JWK$/,
  ],
  "a key of another kind, of an agent": [
    () => inMemoryAgents({ planner: { roles: ["agent"], keys: [P384.publicKey.export({ format: "jwk" }) as never] } }),
    /keys\[0\] must be a public JWK of an Ed25519 or P-256 key, .*; got a public key of another kind, P-384$/,
  ],
  "a private key, of an agent": [
    () => inMemoryAgents({ planner: { roles: ["agent"], keys: [PRIVATE as never] } }),
    /keys\[0\] .*; got a private key$/,
  ],
  "a private key, of a feed": [
    () => revocationsOverHttp({ ...told, keys: [PRIVATE as never] }),
    /; got a private key$/,
  ],
  "a private key, of an approver": [
    () =>
      createAuthorizer({
        ...authorizer,
        approvals: { approvers: [{ issuer: "https://id.example", subject: "dana", keys: [PRIVATE as never] }] },
      }),
    /; got a private key$/,
  ],
};

describe("an option that is not what it should be", () => {
  it.each(Object.entries(rows))("%s", async (_, [call, words]) => {
    await expect(Promise.resolve().then(call)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(words),
    });
  });

  it("an issuer that was not trusted at the start: what would become of users' ids, and what to do", () => {
    const trust = createTrust([company.issuer.trustAnchor]);
    createAuthorizer({ ...authorizer, trust, users: { find: () => undefined } as never });
    const other = { ...company.issuer.trustAnchor, issuer: "https://other.example" };
    const words =
      /"https:\/\/other\.example" was not trusted when the authorizer was made.*iss:https:\/\/id\.example#alice.*uniqueIds: true/;
    expect(() => trust.replace([company.issuer.trustAnchor, other])).toThrow(words);
  });
});
