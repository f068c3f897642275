import { describe, expect, it } from "vitest";
import { type Claims, createWorld, details, ISSUER, NOW, PAY, TOOLS, verifyAt } from "../../world.fixture.ts";
import { parseDelegation } from "./delegation.ts";
import { inspectDelegation } from "./inspect-delegation.ts";

const world = await createWorld();
const inspect = async (text: string, now = NOW) => inspectDelegation(await parseDelegation(text), now);

describe("a chain, looked into offline", () => {
  it("has of each token what the verifier finds, and no token", async () => {
    const text = await world.chain();
    const [seen, chain] = [await inspect(text), await verifyAt(text, [world.anchor])];
    expect(seen).toMatchObject({ id: chain.id, user: { issuer: ISSUER, subject: "alice" } });
    expect(seen.tokens.map(({ audience, mayFollow, ...link }) => link)).toEqual(
      chain.links.map(({ jwk, ...link }) => link),
    );
    expect(seen.tokens.map(({ audience, mayFollow }) => [audience, mayFollow])).toEqual([
      [[PAY], expect.any(Number)],
      [[PAY], (seen.tokens[0]?.mayFollow ?? 0) - 1],
    ]);
    expect(JSON.stringify(seen)).not.toContain(text.split(".")[2]?.slice(0, 20));
  });

  const wide = { ...TOOLS, delete_ledger: {} };
  it.each<[string, Claims, string, string | undefined]>([
    ["a tool that was not handed over", details(wide), "chain_widened", "/authorization_details/0/tools/delete_ledger"],
    ["a longer life", { exp: NOW + 1_000_000 }, "chain_widened", "/exp"],
    ["another parent", { par_hash: "A".repeat(43) }, "chain_link_broken", "/par_hash"],
    ["another user", { sub: "mallory" }, "principal_changed", "/sub"],
  ])("says that a verifier refuses a token with %s, as the verifier does", async (_, claims, code, pointer) => {
    const text = await world.child(await world.root(), claims);
    const { tokens } = await inspect(`${await world.root()}~${text.split("~").at(-1)}`);
    expect(tokens[0]?.refused).toBeUndefined();
    expect(tokens[1]?.refused).toMatchObject({ code, pointer });
  });

  it("sees below the root who signed, and looks no further once something is refused", async () => {
    const root = await world.root();
    const forged = `${root}~${(await world.child(root, {}, { signer: world.mallory })).split("~").at(-1)}`;
    const { tokens } = await inspect(`${forged}~${(await world.grandchild(forged)).split("~").at(-1)}`);
    expect(tokens.map(({ refused }) => refused?.code)).toEqual([undefined, "token_signature_invalid", undefined]);
  });

  it("sees a jti that comes twice, a root that is over, and a chain that is", async () => {
    const root = await world.root();
    const { tokens: twice } = await inspect(
      `${root}~${(await world.child(root, { jti: "AAAAAAAAAAAAAAAAAAAAAA" })).split("~").at(-1)}`,
    );
    expect(twice[1]?.refused).toMatchObject({ code: "chain_link_broken", pointer: "/jti" });
    const { tokens: late } = await inspect(await world.chain(), NOW + 1_000_000);
    expect(late.map(({ refused }) => refused?.code)).toEqual(["token_expired", undefined]);
  });
});
