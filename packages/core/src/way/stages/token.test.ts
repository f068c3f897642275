import { beforeAll, describe, expect, it } from "vitest";
import type { ChainVerifier } from "../../token/index.ts";
import { DOCS, errorOf, NOW, PAY } from "../../world.fixture.ts";
import { ALICE, BY_ALICE, createScene, type Scene } from "../point.fixture.ts";
import { openChain } from "./token.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

describe("the chain of a call", () => {
  it("is verified as it came, now, and says whom the call is for", async () => {
    const seen: unknown[] = [];
    const verifier: Pick<ChainVerifier, "verify"> = {
      verify: async (...args) => {
        seen.push(args);
        return scene.chain;
      },
    };
    const { point } = scene.point({ verifier });
    const caller = await scene.byProof();
    expect(await openChain(caller, point)).toEqual({ user: ALICE, chain: scene.chain, audience: PAY });
    await openChain(scene.inSession, point);
    await openChain({ ...caller, credential: undefined }, point);
    expect(seen).toEqual([
      [scene.compact, NOW],
      [scene.compact, NOW],
      ["", NOW],
    ]);
  });

  it("is for its user by the login that came beside it, which a directory may tell from their other ones; never by another's", async () => {
    const caller = await scene.byProof();
    const { point } = scene.point();
    const login = { ...ALICE };
    expect((await openChain({ ...caller, transportUser: login }, point)).user).toBe(login);
    for (const other of [
      { ...ALICE, subject: "bob" },
      { ...ALICE, issuer: "https://other.example" },
    ]) {
      expect((await openChain({ ...caller, transportUser: other }, point)).user).toEqual(ALICE);
    }
  });

  it("is none for a user without agents, and no verifier is asked", async () => {
    const { point, asked } = scene.point({ audience: [DOCS, PAY] });
    expect(await openChain(BY_ALICE, point)).toEqual({ user: ALICE, chain: undefined, audience: DOCS });
    expect(asked()).toEqual([]);
  });

  it("is refused where it does not verify", async () => {
    const { point } = scene.point({ verifier: scene.verifier, clock: () => (NOW + 3600) * 1000 });
    expect(await errorOf(openChain(scene.inSession, point))).toMatchObject({ code: "token_expired" });
  });

  it("is for that name of the enforcement point which it has in its audience", async () => {
    expect((await openChain(await scene.byProof(), scene.point({ audience: [DOCS, PAY] }).point)).audience).toBe(PAY);
  });

  it("is for the name with which its session began, whichever others it has", async () => {
    const verifier = { verify: async () => ({ ...scene.chain, audience: [DOCS, PAY] }) };
    const { point } = scene.point({ audience: [DOCS, PAY], verifier });
    expect((await openChain(scene.inSession, point)).audience).toBe(PAY);
    expect((await openChain(await scene.byProof(), point)).audience).toBe(DOCS);
  });

  it("is refused where it is for none of the names, which are compared to the letter", async () => {
    const verifier = { verify: async () => ({ ...scene.chain, audience: [PAY, "https://a.example"] }) };
    const { point } = scene.point({ audience: [DOCS, `${PAY}/`], verifier });
    expect(await errorOf(openChain(await scene.byProof(), point))).toMatchObject({
      code: "audience_mismatch",
      pointer: "/aud",
      message: `the chain is for ${PAY}, https://a.example, this enforcement point is ${DOCS}, ${PAY}/; names are compared to the letter`,
    });
  });
});
