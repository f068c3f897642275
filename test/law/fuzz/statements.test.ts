/**
 * Statements that were changed, borrowed or forged: something is revoked only by who stands at or above it, and a call is
 * approved only by an approver's own word about just this call.
 */
import { isDeepStrictEqual } from "node:util";
import { parseDelegation } from "@hopwise/core";
import type { JsonObject, JsonValue } from "@hopwise/core/adapter";
import {
  type ApprovalRequest,
  type SignedRevocation,
  signApproval,
  signRevocation,
  type Thumbprint,
  verifyApproval,
  verifyRevocation,
} from "@hopwise/core/tokens";
import { beforeAll, it } from "vitest";
import { editJson } from "../random/json.ts";
import { expectMet, PATIENCE, runs } from "../random/runs.ts";
import { createSource, type Source } from "../random/source.ts";
import { mutateText } from "../random/texts.ts";
import { attackChain, openToken } from "./attack-chain.ts";
import { canonical } from "./attack-proof.ts";
import { attackStatement, LOG, type StatementAttack } from "./attack-statement.ts";
import { ACME, createHonest, createKey, type Honest, NOW, PARTNER, PAY, sha256, thumbprint } from "./honest.ts";
import { codeOf, createTally, eachCase } from "./tally.ts";

const clock = (): number => NOW * 1000;
let honest: Honest;
beforeAll(async () => {
  honest = await createHonest();
});

const inputOf = (token: string): string => token.slice(0, token.lastIndexOf("."));
const sha = (key: { readonly publicJwk: object }): string => thumbprint({ ...key.publicJwk });

/** All that the honest parties revoke: each token, by everybody who may, and what issuers name otherwise. */
async function honestRevocations(): Promise<readonly SignedRevocation[]> {
  const made: Promise<SignedRevocation>[] = [];
  for (const { tokens, keys } of honest.chains) {
    const { iss: issuer } = openToken(tokens[0] as string).payload as { iss: string };
    const as = { issuer, kid: openToken(tokens[0] as string).header["kid"] as string };
    const signer = keys[0] as (typeof keys)[number];
    for (const [at] of tokens.entries()) {
      const delegation = await parseDelegation(tokens.slice(0, at + 1).join("~"));
      const order = { of: { delegation }, audience: LOG, clock };
      made.push(signRevocation({ ...order, signer, as }));
      for (const holder of keys.slice(1, at + 2)) made.push(signRevocation({ ...order, signer: holder }));
    }
    made.push(signRevocation({ signer, as, of: { user: "alice", notBefore: NOW }, audience: LOG, clock }));
    made.push(signRevocation({ signer, as, of: { agent: "planner" }, audience: LOG, clock }));
  }
  return Promise.all(made);
}

/** What is wrong with a revocation that was accepted; undefined where nothing is. */
function revocationProblem(
  { text, signedBy }: StatementAttack,
  evidence: string | undefined,
  inputs: ReadonlySet<string>,
) {
  if (signedBy === undefined && !inputs.has(inputOf(text))) return "a statement that nobody signed";
  const { header, payload } = openToken(text);
  const { jkt, kid } = header;
  if (Buffer.from(text.split(".")[1] as string, "base64url").toString() !== canonical(payload)) return "the spelling";
  if (header["typ"] !== "hw-revoke+jwt" || payload["aud"] !== LOG || payload["hw"] !== 1)
    return "another kind or place";
  const time = (payload["iat"] as number) + (payload["hw_ms"] as number) / 1000;
  if (!(Math.abs(time - NOW) <= 30)) return "another time";
  if (Object.keys(payload).sort().join() !== "aud,hw,hw_ms,iat,iss,jti,target") return "a claim that none has";
  const target = payload["target"] as JsonObject;
  const tokens = evidence?.split("~").map(openToken);
  if (kid !== undefined) {
    if (signedBy !== undefined && (signedBy !== honest.partner.key || payload["iss"] !== PARTNER))
      return "another issuer";
    if (target["token"] === undefined) return tokens === undefined ? undefined : "evidence of what needs none";
    if (tokens?.[0]?.payload["iss"] !== payload["iss"]) return "another issuer's chain";
  } else {
    if (signedBy !== undefined && sha(signedBy) !== jkt) return "another key than the one that signed";
    const held = tokens?.map(({ payload: own }) => thumbprint((own["cnf"] as JsonObject)["jwk"] as JsonObject)) ?? [];
    if (!held.includes(jkt as string)) return "a signer that stands nowhere above";
  }
  const last = tokens?.at(-1)?.input;
  return last !== undefined && target["token"] === sha256(last)
    ? undefined
    : "another token than the evidence ends with";
}

/** The evidence that comes along: mostly the right one. */
function drawEvidence(own: string | undefined, source: Source): string | undefined {
  const chains = honest.chains.map(({ tokens }) => tokens);
  switch (source.below(8)) {
    case 0:
      return undefined;
    case 1:
      return attackChain(honest, source).compact;
    case 2:
      return mutateText(own ?? "", source);
    case 3: {
      const tokens = source.pick(chains);
      return tokens.slice(0, 1 + source.below(tokens.length)).join("~");
    }
    default:
      return own;
  }
}

it(
  "revoke what stands at or below their signer, and nothing else",
  async () => {
    const seen = await honestRevocations();
    const texts = seen.map(({ revocation }) => revocation);
    const inputs = new Set(texts.map(inputOf));
    const options = { trust: honest.trust, audience: LOG, nowSeconds: NOW };
    for (const one of seen) await verifyRevocation(one, options);
    const tally = createTally();
    await eachCase(runs(1000, 1_000_000), async (seed) => {
      const source = createSource(seed);
      const one = source.pick(seen);
      const attack = attackStatement(one.revocation, texts, honest, source);
      const evidence = drawEvidence(one.evidence, source);
      const sent = { revocation: attack.text, ...(evidence !== undefined && { evidence }) };
      const size = attack.text.length + (evidence?.length ?? 0);
      const answer = await tally.timed(attack.how, size, () => verifyRevocation(sent, options).catch(codeOf));
      if (typeof answer === "string") return tally.count(answer);
      const problem = revocationProblem(attack, evidence, inputs);
      if (problem !== undefined)
        throw new Error(`accepted (${attack.how}) in spite of ${problem}: ${JSON.stringify(sent)}`);
      tally.count("accepted: what stands below its signer");
    });
    tally.print("fuzz: revocations");
    expectMet("accepted", tally.of("accepted"), tally.cases / 17);
    for (const code of ["token_malformed", "token_signature_invalid", "revocation_refused"])
      expectMet(code, tally.of(code), tally.cases / 8);
  },
  PATIENCE,
);

const HASH = "A".repeat(43);

it(
  "approve a call by an approver's own word about just this call",
  async () => {
    const approver = createKey("ES256");
    const acme = honest.chains[0]?.keys[0] as typeof approver;
    const kid = openToken(honest.chains[0]?.tokens[0] as string).header["kid"] as string;
    const { planner, researcher } = honest.agents as { readonly [name: string]: typeof approver };
    const request: ApprovalRequest = {
      audience: PAY,
      tool: "send",
      argumentsHash: { received: HASH, parsed: HASH },
      resource: { kind: "payment", id: "7", attributes: { owner: "alice", total: 900, lines: [1, { a: null }] } },
      user: { issuer: ACME, subject: "alice" },
      agents: [planner, researcher].map((key, i) => ({
        name: ["planner", "researcher"][i] as string,
        key: sha(key as typeof approver) as Thumbprint,
      })),
      reason: "it is a large payment",
      approvers: 1,
      untilSeconds: NOW + 600,
    };
    const other = { ...request, reason: "it is another payment" };
    const as = { issuer: ACME, kid, subject: "bob" };
    const texts = await Promise.all(
      [request, other].flatMap((asked) =>
        (["yes", "no"] as const).flatMap((answer) => [
          signApproval({ signer: approver, request: asked, answer, clock }),
          signApproval({ signer: acme, as, request: asked, answer, clock }),
        ]),
      ),
    );
    const good = new Set(texts.slice(0, 4).map(inputOf));
    const trust = honest.trust.map((anchor) => ({ ...anchor, approvals: anchor.issuer === ACME }));
    // The key of the chain's first agent is registered, too: that agent is a person's, who may approve for others.
    const keys = [approver.publicJwk, (planner as typeof approver).publicJwk];
    const approvers = [{ issuer: ACME, subject: "bob", keys }];
    const tally = createTally();
    await eachCase(runs(1000, 1_000_000), async (seed) => {
      const source = createSource(seed);
      const asked = source.oneIn(4)
        ? (editJson(request as unknown as JsonValue, source) as unknown as ApprovalRequest)
        : request;
      const attack = source.oneIn(8)
        ? { how: "as it was", text: source.pick(texts), signedBy: undefined }
        : attackStatement(source.pick(texts), texts, honest, source);
      const answer = await tally.timed(attack.how, attack.text.length, () =>
        verifyApproval(attack.text, { trust, approvers, nowSeconds: NOW, request: asked }).catch(codeOf),
      );
      if (typeof answer === "string") return tally.count(answer);
      if (!good.has(inputOf(attack.text))) throw new Error(`accepted (${attack.how}): ${JSON.stringify(attack.text)}`);
      if (!isDeepStrictEqual(JSON.parse(JSON.stringify(asked)), JSON.parse(JSON.stringify(request))))
        throw new Error(`accepted for another request: ${JSON.stringify(asked)}`);
      if (answer.answer !== openToken(attack.text).payload["answer"]) throw new Error("another answer came through");
      tally.count("accepted: what the approver said");
    });
    tally.print("fuzz: approvals");
    expectMet("accepted", tally.of("accepted"), tally.cases / 6);
    for (const code of ["token_malformed", "token_signature_invalid", "approval_refused"])
      expectMet(code, tally.of(code), tally.cases / 8);
  },
  PATIENCE,
);
