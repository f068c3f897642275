import { describe, expect, it } from "vitest";
import { claimsOf, createWorld, errorOf, JTI, verifyAt } from "../../world.fixture.ts";

const world = await createWorld();
const OTHER = "BBBBBBBBBBBBBBBBBBBBBA";
const verify = (...tokens: string[]) => verifyAt(tokens.join("~"), [world.anchor]);

describe("a jti", () => {
  it("that a child has from its parent is refused, though its links hold", async () => {
    const root = await world.root();
    const child = await world.child(root, { jti: JTI });
    expect(await errorOf(verify(root, child))).toMatchObject({ code: "chain_link_broken", pointer: "/jti", hop: 2 });
  });

  it.each([
    ["root", JTI, OTHER, JTI],
    ["parent", JTI, OTHER, OTHER],
  ])("that a third token has from its %s is refused", async (_, ...[first, second, third]) => {
    const root = await world.root({ jti: first });
    const child = await world.child(root, { jti: second });
    const grandchild = await world.grandchild(child, { jti: third });
    expect(await errorOf(verify(root, child, grandchild))).toMatchObject({
      code: "chain_link_broken",
      pointer: "/jti",
      rule: "each token of a chain has a jti of its own",
      hop: 3,
    });
  });

  it("is compared once the signature holds, and after the other links", async () => {
    const root = await world.root();
    const unsigned = await world.child(root, { jti: JTI }, { signer: world.mallory });
    expect(await errorOf(verify(root, unsigned))).toMatchObject({ code: "token_signature_invalid" });
    const wider = await world.child(root, { jti: JTI, exp: (claimsOf(root)["exp"] as number) + 1 });
    expect(await errorOf(verify(root, wider))).toMatchObject({ code: "chain_widened", pointer: "/exp" });
  });

  it("may be that of a token of another chain: it is nobody's identity", async () => {
    const root = await world.root();
    const sibling = await world.child(root, { iat: (claimsOf(root)["iat"] as number) + 1 });
    expect((await verify(root, await world.child(root))).links[1]?.jti).toBe(
      (await verify(root, sibling)).links[1]?.jti,
    );
  });
});
