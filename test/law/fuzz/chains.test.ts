/**
 * Chains that were changed, spliced or forged: the verifier refuses with a code of its own and never crashes. It accepts only
 * what honest parties signed, or what a holder signed that truly narrows what the holder had.
 */
import { type ErrorCode, parseDelegation } from "@hopwise/core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type Chain,
  type ChainVerifier,
  createChainVerifier,
  DEFAULT_LIMITS,
} from "../../../packages/core/src/token/index.ts";
import { expectMet, PATIENCE, runs } from "../random/runs.ts";
import { createSource } from "../random/source.ts";
import { attackChain } from "./attack-chain.ts";
import { createHonest, type Honest, NOW } from "./honest.ts";
import { problemOf, saysTheSame } from "./honest-law.ts";
import { codeOf, createTally, eachCase } from "./tally.ts";

let honest: Honest;
beforeAll(async () => {
  honest = await createHonest();
});

describe("chains", () => {
  it("are accepted as they were made", async () => {
    const verifier = createChainVerifier(honest.trust, DEFAULT_LIMITS);
    for (const { tokens } of honest.chains) {
      for (let length = 1; length <= tokens.length; length++) {
        const compact = tokens.slice(0, length).join("~");
        expect(problemOf(compact, honest, false)).toBeUndefined();
        expect(saysTheSame(await verifier.verify(compact, NOW), compact)).toBe(true);
      }
    }
  });

  it(
    "are refused by code, or say only what honest parties said and what holders truly narrowed",
    async () => {
      const tally = createTally();
      const verifier = createChainVerifier(honest.trust, DEFAULT_LIMITS);
      await eachCase(runs(1500, 400_000), async (seed) => {
        const { how, compact, signed } = attackChain(honest, createSource(seed));
        const ask = (of: ChainVerifier): Promise<Chain | string> => of.verify(compact, NOW).catch(codeOf);
        const outcome = await tally.timed(
          how,
          compact.length,
          () => ask(verifier),
          () => ask(createChainVerifier(honest.trust, DEFAULT_LIMITS)),
        );
        if (typeof outcome === "string") return tally.count(outcome);
        const problem = problemOf(compact, honest, signed);
        if (problem !== undefined) throw new Error(`accepted (${how}) in spite of ${problem}: ${compact}`);
        if (!saysTheSame(outcome, compact)) throw new Error(`read otherwise than signed (${how}): ${compact}`);
        tally.count(signed ? "accepted: a holder's own, truly narrower" : "accepted: what honest parties signed");
      });
      tally.print("fuzz: chains");
      // A verifier that refuses everything would pass, too.
      expectMet("a holder's own", tally.of("accepted: a holder"), tally.cases / 20);
      expectMet("honest", tally.of("accepted: what honest"), tally.cases / 15);
      for (const code of CODES) expect(tally.of(code), code).toBeGreaterThanOrEqual(runs(0, 1));
    },
    PATIENCE,
  );

  it(
    "are read by a holder without a crash, whatever they are",
    async () => {
      const tally = createTally();
      await eachCase(runs(300, 50_000), async (seed) => {
        const { how, compact } = attackChain(honest, createSource(seed));
        const outcome = await tally.timed(how, compact.length, () =>
          parseDelegation(compact).then(() => "read", codeOf),
        );
        tally.count(outcome);
      });
      tally.print("fuzz: chains, read by a holder");
      expectMet("read", tally.of("read"), tally.cases / 3);
    },
    PATIENCE,
  );
});

/** Each of these must have been met, or the attacks miss a stage. */
const CODES: readonly ErrorCode[] = [
  "token_malformed",
  "token_version_unsupported",
  "token_alg_refused",
  "token_signature_invalid",
  "token_untrusted_issuer",
  "token_expired",
  "chain_depth_exceeded",
  "chain_link_broken",
  "chain_widened",
  "principal_changed",
];
