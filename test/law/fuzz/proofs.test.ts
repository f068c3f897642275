/**
 * Proofs that were changed, borrowed or forged, at the whole of the door: a call is let in only with a proof that the
 * chain's own holder signed for this call, this place and this moment, once.
 */
import { isDeepStrictEqual } from "node:util";
import type { Authorizer, ErrorCode } from "@hopwise/core";
import type { JsonObject, JsonValue } from "@hopwise/core/adapter";
import { prove } from "@hopwise/core/tokens";
import { beforeAll, describe, expect, it } from "vitest";
import { denied } from "../../support/calls.ts";
import { covers } from "../model/model.ts";
import { expectMet, PATIENCE, runs } from "../random/runs.ts";
import { createSource } from "../random/source.ts";
import { decodeText } from "../random/texts.ts";
import { openToken } from "./attack-chain.ts";
import { attackProof, canonical, type HonestCall, type ProofAttack } from "./attack-proof.ts";
import { doorOf, NAMED } from "./door.ts";
import { createHonest, DOCS, type Honest, NOW, PAY, sha256, thumbprint } from "./honest.ts";
import { createTally, eachCase } from "./tally.ts";

const PLACES = [PAY, DOCS];
const MILLISECONDS = Array.from({ length: 1000 }, (_, i) => i);
let honest: Honest;
let authorizer: Authorizer;
let calls: readonly HonestCall[];

beforeAll(async () => {
  honest = await createHonest();
  authorizer = doorOf(honest, { audience: PLACES });
  calls = await Promise.all(
    honest.chains.flatMap((of) =>
      of.calls.map(
        async ({ audience, ...call }): Promise<HonestCall> => ({
          of,
          ...call,
          ...(await prove(of.held, { ...call, audience, clock: () => NOW * 1000 })),
        }),
      ),
    ),
  );
});

/** Proofs that were used, by whose they are. */
const used = new Set<string>();

/** What is wrong with letting a call in; undefined where it may be let in. */
function problemOf({ call, chain, proof, signedBy }: ProofAttack): string | undefined {
  const of = honest.chains.find(({ tokens }) => tokens.some((_, i) => tokens.slice(0, i + 1).join("~") === chain));
  if (of === undefined) return "a chain that nobody honest made";
  if (signedBy === undefined) return "a proof that was used before, or that no holder signed";
  const tokens = chain.split("~").map(openToken);
  const leaf = tokens.at(-1) as (typeof tokens)[number];
  const root = tokens[0] as (typeof tokens)[number];
  const holder = thumbprint({ ...signedBy.publicJwk });
  if (holder !== thumbprint((leaf.payload["cnf"] as JsonObject)["jwk"] as JsonObject))
    return "another key than the holder's";
  const text = decodeText(proof.split(".")[1] ?? "");
  const { header, payload } = openToken(proof);
  if (!isDeepStrictEqual(header, { alg: signedBy.algorithm, typ: "aat-pop+jwt" })) return "the header";
  if (text !== canonical(payload)) return "the spelling";
  const { aat_aud, aat_id, aat_tool, hta, hw_leaf, hw_ms, iat, jti, ...more } = payload;
  if (Object.keys(more).length > 0) return "a claim that no proof has";
  if (aat_id !== leaf.payload["jti"] || hw_leaf !== sha256(leaf.input)) return "another chain";
  const auds = tokens.map((token) => token.payload["aud"] as readonly string[] | undefined);
  const audience = auds.findLast((aud) => aud !== undefined) ?? [];
  if (typeof aat_aud !== "string" || !PLACES.includes(aat_aud) || !audience.includes(aat_aud)) return "another place";
  const id = (root.payload["aud"] as readonly string[]).length === 1 ? call.tool : `${aat_aud}#${call.tool}`;
  if (aat_tool !== id) return "another tool";
  const args = call.tool.endsWith("/list") ? {} : (call.arguments ?? {});
  if (canonical(hta as JsonValue) !== canonical(args as JsonValue)) return "other arguments";
  if (!Number.isSafeInteger(iat) || !MILLISECONDS.includes(hw_ms as number)) return "a time that is none";
  if (Math.abs((iat as number) - NOW) * 1000 + (hw_ms as number) > 30_000) return "another time";
  if (typeof jti !== "string" || Buffer.from(jti, "base64url").length !== 16) return "jti";
  if (used.has(`${holder} ${jti}`)) return "a proof that was used before";
  used.add(`${holder} ${jti}`);
  if (call.tool.startsWith("mcp:") && call.tool.endsWith("/list")) return undefined;
  const covered = of.tokens.slice(0, tokens.length).every((token) => {
    const [details] = openToken(token).payload["authorization_details"] as readonly [{ tools: never }];
    const byPattern = !NAMED.includes(call.tool);
    return covers(details.tools, { tool: id, arguments: args as JsonObject, byPattern });
  });
  return covered ? undefined : "a call outside of some grant";
}

describe("proofs", () => {
  it("open the door once, as they were made, and no second time", async () => {
    for (const { tool, arguments: args, chain, proof } of calls) {
      const call = { tool, arguments: args, credential: { chain, proof } };
      expect(await authorizer.admit(call)).toMatchObject({ outcome: "admitted", arguments: args });
      expect(await authorizer.admit(call)).toMatchObject({ outcome: "denied", code: "proof_replayed" });
      const { payload } = openToken(proof);
      const leaf = openToken(chain.split("~").at(-1) as string);
      used.add(`${thumbprint((leaf.payload["cnf"] as JsonObject)["jwk"] as JsonObject)} ${payload["jti"]}`);
    }
  });

  it(
    "are refused by code, or were signed by the chain's holder for exactly this call",
    async () => {
      const tally = createTally();
      await eachCase(runs(1500, 200_000), async (seed) => {
        const attack = attackProof(calls, honest, createSource(seed));
        const { call, chain, proof } = attack;
        const answer = await tally.timed(attack.how, chain.length + proof.length, () =>
          authorizer.admit({ ...call, credential: { chain, proof } }),
        );
        if (answer.outcome === "denied") return tally.count(answer.code);
        // What is missing is told once a schema could have put it there. Nobody knows this user, so nothing is allowed.
        const decision = call.tool.endsWith("/list") ? undefined : denied(await answer.decide());
        if (decision?.stage === "grant" || decision?.stage === "arguments") return tally.count(decision.code);
        const problem = problemOf(attack);
        if (problem !== undefined)
          throw new Error(`let in (${attack.how}) in spite of ${problem}: ${JSON.stringify(attack)}`);
        if (!isDeepStrictEqual(answer.arguments, openToken(proof).payload["hta"]))
          throw new Error(`other arguments came through: ${JSON.stringify(attack)}`);
        tally.count("let in: the holder's own new proof");
      });
      tally.print("fuzz: proofs");
      expectMet("let in", tally.of("let in"), tally.cases / 8);
      for (const code of CODES) expect(tally.of(code), code).toBeGreaterThanOrEqual(runs(0, 1));
    },
    PATIENCE,
  );
});

/** Each of these must have been met, or the attacks miss a stage. */
const CODES: readonly ErrorCode[] = [
  "proof_invalid",
  "proof_replayed",
  "proof_arguments_mismatch",
  "proof_audience_mismatch",
  "token_alg_refused",
  "grant_argument_refused",
];
