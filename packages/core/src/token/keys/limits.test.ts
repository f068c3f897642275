import { describe, expect, it } from "vitest";
import { readGrant } from "../../grant/index.ts";
import { createWorld, details, errorOf, NOW, refusalOf, verifyAt, type World } from "../../world.fixture.ts";
import { delegate } from "../make/delegate.ts";
import { hold, parseDelegation, serialize } from "../make/delegation.ts";
import { payloadDepth } from "./jws.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { generateSigner } from "./signer.ts";

const world: World = await createWorld();
const deep = { ...world.anchor, maxDepth: 16 };
const exact = { constraint_type: "exact", value: 1 };
const many = (count: number, make: (i: number) => [string, unknown]): object =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => make(i)));

/** A chain of so many tokens, by honest delegation. */
async function chainOf(tokens: number): Promise<string> {
  let held = await hold(
    await parseDelegation(await world.root({ del_max_depth: 16, ...details({ t: {} }) })),
    world.planner,
  );
  for (let i = 1; i < tokens; i++) {
    held = await delegate(held, {
      to: "a",
      holder: await generateSigner(),
      grant: readGrant({ t: {} }),
      clock: () => NOW * 1000,
    });
  }
  return serialize(held);
}

describe("the verifier reads", () => {
  it("a chain of seventeen tokens, and not of eighteen", async () => {
    const chain = await chainOf(17);
    expect((await verifyAt(chain, [deep])).links).toHaveLength(17);
    expect(await refusalOf(verifyAt(`${chain}~${chain.split("~").at(-1)}`, [deep]))).toBe("chain_depth_exceeded");
    expect(await refusalOf(verifyAt("~".repeat(17), [deep]))).toBe("chain_depth_exceeded");
  });

  it("as many tokens as it was told to, and not one more", async () => {
    const chain = await chainOf(3);
    const limit = { chainTokens: 17 };
    expect(await refusalOf(verifyAt(chain, [deep], { limits: limit }))).toBe("accepted");
    // A root that allows more than the verifier reads is refused at once, not at the token too many.
    const shallow = await world.root({ del_max_depth: 2 });
    expect(await refusalOf(verifyAt(shallow, [deep], { limits: { chainTokens: 3 } }))).toBe("accepted");
    expect(await refusalOf(verifyAt(shallow, [deep], { limits: { chainTokens: 2 } }))).toBe(
      "chain_depth_exceeded /del_max_depth",
    );
  });

  it("a token and a chain up to their limits, and not one byte more", async () => {
    const root = await world.root();
    const chain = `${root}~${await world.child(root)}`;
    const longest = Math.max(...chain.split("~").map((token) => token.length));
    const check = (limits: object): Promise<string> => refusalOf(verifyAt(chain, [world.anchor], { limits }));
    expect(await check({ tokenBytes: longest })).toBe("accepted");
    expect(await check({ tokenBytes: longest - 1 })).toBe("token_too_large");
    expect(await check({ chainBytes: chain.length })).toBe("accepted");
    expect(await check({ chainBytes: chain.length - 1 })).toBe("token_too_large");
  });

  it("no more than its limits, and names the one that was passed", async () => {
    const root = await world.root();
    const messageOf = async (chain: string, limits: object): Promise<string> =>
      (await errorOf(verifyAt(chain, [deep], { limits }))).message;
    expect(await messageOf(root, { chainBytes: 99 })).toContain("the chain is longer than 99 bytes");
    expect(await messageOf(root, { tokenBytes: 99 })).toContain("a token of the chain is longer than 99 bytes");
    expect(await messageOf(`${root}~${root}~${root}`, { chainTokens: 2 })).toContain("more than 2 tokens");
    const error = await errorOf(verifyAt(root, [deep], { limits: { chainTokens: 3 } }));
    expect(error).toMatchObject({
      pointer: "/del_max_depth",
      rule: "a depth of 2 is the most; for more, set limits: { chainTokens } of issuer and verifiers alike",
    });
  });

  it("8 KB of token and 32 KB of chain, where nothing else was said", async () => {
    const root = await world.root();
    const pad = (length: number): string => `${root.slice(0, root.indexOf("."))}.${"A".repeat(length)}`;
    expect(await refusalOf(verifyAt(`${pad(9000)}.AAAA`, [world.anchor]))).toBe("token_too_large");
    expect(await refusalOf(verifyAt(`${root}~${pad(9000)}.AAAA`, [world.anchor]))).toBe("token_too_large");
    expect(await refusalOf(verifyAt("A".repeat(32 * 1024 + 1), [world.anchor]))).toBe("token_too_large");
    expect(await refusalOf(verifyAt("A".repeat(32 * 1024), [world.anchor]))).toBe("token_too_large");
    expect(await refusalOf(verifyAt("A".repeat(8 * 1024), [world.anchor]))).toBe("token_malformed");
    expect(await refusalOf(verifyAt("é".repeat(10_000_000), [world.anchor]))).toBe("token_too_large");
  });

  it("as many tools and arguments as it was told to, and not one more", async () => {
    const limits = { tools: 3, argumentsPerTool: 2 };
    const check = async (tools: object): Promise<string> =>
      refusalOf(verifyAt(await world.root(details(tools)), [world.anchor], { limits }));
    const at = "token_malformed /authorization_details/0/tools";
    expect(await check(many(3, (i) => [`t${i}`, {}]))).toBe("accepted");
    expect(await check(many(4, (i) => [`t${i}`, {}]))).toBe(at);
    expect(await check({ t: many(2, (i) => [`a${i}`, exact]) })).toBe("accepted");
    expect(await check({ t: many(3, (i) => [`a${i}`, exact]) })).toBe(`${at}/t`);
  });

  it("256 tools and 64 arguments of each, where nothing else was said", async () => {
    const limits = { tokenBytes: 100_000, chainBytes: 100_000 };
    const check = async (tools: object): Promise<string> =>
      refusalOf(verifyAt(await world.root(details(tools)), [world.anchor], { limits }));
    expect(await check(many(256, (i) => [`t${i}`, {}]))).toBe("accepted");
    expect(await check(many(257, (i) => [`t${i}`, {}]))).toContain("token_malformed");
    expect(await check({ t: many(64, (i) => [`a${i}`, exact]) })).toBe("accepted");
    expect(await check({ t: many(65, (i) => [`a${i}`, exact]) })).toContain("token_malformed");
  });

  it("names up to 256 and values up to 4096 characters", async () => {
    const check = async (tools: object): Promise<string> =>
      refusalOf(verifyAt(await world.root(details(tools)), [world.anchor]));
    expect(await check({ ["n".repeat(256)]: {} })).toBe("accepted");
    expect(await check({ ["n".repeat(257)]: {} })).toContain("token_malformed");
    expect(await check({ t: { a: { constraint_type: "exact", value: "v".repeat(4096) } } })).toBe("accepted");
    expect(await check({ t: { a: { constraint_type: "exact", value: "v".repeat(4097) } } })).toContain(
      "token_malformed",
    );
  });

  it("a payload that nests as deep as the deepest grant that it takes, and two levels for each", () => {
    expect(payloadDepth({ ...DEFAULT_LIMITS, constraintDepth: 0 })).toBe(8);
    expect(payloadDepth({ ...DEFAULT_LIMITS, constraintDepth: 3 })).toBe(14);
  });

  it("its own skew, and no more of the future than that", async () => {
    const check = async (iat: number): Promise<string> =>
      refusalOf(verifyAt(await world.root({ iat }), [world.anchor], { limits: { skewSeconds: 5 } }));
    expect(await check(NOW + 5)).toBe("accepted");
    expect(await check(NOW + 6)).toBe("token_not_yet_valid /iat");
  });
});
