/** Requests for a delegation, changed and forged: a token is made only for the key that signed this very challenge. */

import { createIssuer, generateSigner, hold } from "@hopwise/core";
import type { JsonObject } from "@hopwise/core/adapter";
import { readGrant } from "@hopwise/core/grant";
import { createChallenge, requestDelegation } from "@hopwise/core/tokens";
import { it } from "vitest";
import { editJson } from "../random/json.ts";
import { expectMet, PATIENCE, runs } from "../random/runs.ts";
import { createSource, type Source } from "../random/source.ts";
import { mutateSegments, mutateText, respellJson } from "../random/texts.ts";
import { openToken, signToken } from "./attack-chain.ts";
import { ACME, createKey, PAY } from "./honest.ts";
import { codeOf, createTally, eachCase } from "./tally.ts";

it(
  "an issuer makes a token only for the key that signed the challenge",
  async () => {
    const issuer = await createIssuer({
      issuer: ACME,
      signer: await generateSigner(),
      audiences: [PAY],
      subjects: "any",
      tools: "any",
    });
    const honest = createKey("Ed25519");
    const attacker = createKey("ES256");
    const challenge = createChallenge();
    const request = await requestDelegation(honest, challenge);
    const earlier = await requestDelegation(honest, createChallenge());

    /** What is sent in place of the honest request, and whether the honest key signed just that. */
    const attack = (source: Source): string => {
      const { header, payload } = openToken(request);
      const own = { ...payload, jwk: { ...attacker.publicJwk } };
      const changed = editJson(source.oneIn(2) ? payload : own, source) as JsonObject;
      switch (source.below(7)) {
        case 0:
          return mutateText(request, source);
        case 1:
          return mutateSegments(request, [earlier], source);
        case 2:
          return earlier;
        case 3: // another's key, signed with one's own
          return signToken(JSON.stringify({ ...header, alg: "ES256" }), JSON.stringify(payload), attacker);
        case 4:
          return signToken(JSON.stringify({ ...header, alg: "ES256" }), JSON.stringify(changed), attacker);
        case 5:
          return signToken(
            JSON.stringify({ ...header, alg: "ES256" }),
            respellJson(JSON.stringify(own), source),
            attacker,
          );
        default:
          return signToken(
            respellJson(JSON.stringify({ ...header, alg: "ES256" }), source),
            JSON.stringify(own),
            attacker,
          );
      }
    };

    const tally = createTally();
    const grant = readGrant({ read: {} });
    await eachCase(runs(600, 20_000), async (seed) => {
      const sent = attack(createSource(seed));
      const outcome = await tally.timed("a request", sent.length, () =>
        issuer.issue({ subject: "alice", agent: "a", holder: { request: sent, challenge }, grant }).catch(codeOf),
      );
      if (typeof outcome === "string") return tally.count(outcome);
      if (openToken(sent).payload["challenge"] !== challenge) throw new Error(`answered another challenge: ${sent}`);
      // Whoever gets a token must hold the key in it: the attacker's own, or the honest request as it was.
      const key = openToken(sent).input === openToken(request).input ? honest : attacker;
      await hold(outcome, key);
      tally.count(key === honest ? "made for the honest key" : "made for the attacker's own key");
    });
    tally.print("fuzz: requests for a delegation");
    expectMet("made for the attacker's own key", tally.of("made for the attacker's own"), tally.cases / 17);
    expectMet("proof_invalid", tally.of("proof_invalid"), tally.cases * 0.9);
  },
  PATIENCE,
);
