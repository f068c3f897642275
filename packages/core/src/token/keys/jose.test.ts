import { compactVerify, decodeProtectedHeader, importJWK } from "jose";
import { describe, expect, it } from "vitest";
import type { PublicJwk } from "../../crypto/index.ts";
import { grant, range, wildcard } from "../../grant/index.ts";
import { ALGORITHMS, ARGUMENTS, createWorld, ISSUER, NOW, PAY } from "../../world.fixture.ts";
import { delegate } from "../make/delegate.ts";
import { createIssuer } from "../make/issue.ts";
import { prove } from "../proof/prove.ts";

const clock = (): number => NOW * 1000;

describe.each(ALGORITHMS)(
  "jose, which had no part in making them, verifies our tokens of %s keys:",
  async (algorithm) => {
    const world = await createWorld(algorithm);
    const options = { issuer: ISSUER, audiences: [PAY], subjects: ["alice"], tools: "any" } as const;
    const issuer = await createIssuer({ ...options, signer: world.issuer, kid: "k1", clock });
    const tools = grant({ send_payment: { to: wildcard(), amount: range({ max: 1000 }) } });
    const first = await issuer.issue({ subject: "alice", agent: "planner", holder: world.planner, grant: tools });
    const second = await delegate(first, { to: "researcher", holder: world.researcher, grant: tools, clock });
    const credential = await prove(second, { tool: "send_payment", arguments: ARGUMENTS, audience: PAY, clock });
    const [root, derived] = credential.chain.split("~") as [string, string];

    const verified = async (token: string, jwk: PublicJwk): Promise<unknown> => {
      const { payload } = await compactVerify(token, await importJWK(jwk, algorithm), { algorithms: [algorithm] });
      return JSON.parse(new TextDecoder().decode(payload));
    };

    it.each([
      ["the root", root, world.issuer, { alg: algorithm, typ: "aat+jwt", kid: "k1" }, { sub: "alice", hw: 1 }],
      ["the derived token", derived, world.planner, { alg: algorithm, typ: "aat+jwt" }, { act: { sub: "researcher" } }],
      ["the proof", credential.proof, world.researcher, { alg: algorithm, typ: "aat-pop+jwt" }, { hta: ARGUMENTS }],
    ] as const)("%s, with the right key and with no other", async (_, token, signer, header, claims) => {
      expect(decodeProtectedHeader(token)).toEqual(header);
      expect(await verified(token, signer.publicJwk)).toMatchObject(claims);
      await expect(verified(token, world.mallory.publicJwk)).rejects.toThrow("signature verification failed");
    });
  },
);
