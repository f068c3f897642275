import { describe, expect, it } from "vitest";
import {
  ALGORITHMS,
  createWorld,
  errorOf,
  ISSUER,
  NOW,
  refusalOf,
  twinOf,
  verifyAt,
  type World,
} from "../../world.fixture.ts";
import { shortenChain } from "../compact/shorten-chain.ts";
import type { TrustedKey } from "../keys/jwks.ts";
import { thumbprintOf } from "../keys/key.ts";
import { DEFAULT_LIMITS } from "../keys/limits.ts";
import type { TrustAnchor } from "../trust/trust.ts";
import { createChainVerifier } from "./verify-chain.ts";

const worlds = await Promise.all(ALGORITHMS.map((algorithm) => createWorld(algorithm)));

/** An anchor that counts how often it is asked: once for each chain that is verified from the beginning. */
function counting(anchor: TrustAnchor): { readonly anchor: TrustAnchor; readonly asked: () => number } {
  let asked = 0;
  const subjects = (): boolean => {
    asked++;
    return true;
  };
  return { anchor: { ...anchor, subjects }, asked: () => asked };
}

describe.each(worlds)("a verified chain of $algorithm keys", (world: World) => {
  it("is remembered, and says the same the second time", async () => {
    const { anchor, asked } = counting(world.anchor);
    const verifier = createChainVerifier([anchor], DEFAULT_LIMITS);
    const chain = await world.chain();
    const first = await verifier.verify(chain, NOW);
    expect(await verifier.verify(chain, NOW + 60)).toEqual(first);
    expect(asked()).toBe(1);
  });

  it("is one chain, in whichever of its forms it comes", async () => {
    const { anchor, asked } = counting(world.anchor);
    const verifier = createChainVerifier([anchor], DEFAULT_LIMITS);
    const root = await world.root();
    const long = `${root}~${await world.child(root, { exp: NOW + 60 })}`;
    const short = shortenChain(long);
    const other = `${short}*AAAAA`;
    const chain = await verifier.verify(short, NOW);
    for (const text of [other, long, short]) expect(await verifier.verify(text, NOW)).toBe(chain);
    expect(await createChainVerifier([anchor], DEFAULT_LIMITS).verifyExpired(other, NOW)).toEqual(chain);
    expect(asked()).toBe(2);
    // Who saw it expire under one text knows it under all.
    expect(await refusalOf(verifier.verify(other, NOW + 60))).toBe("token_expired /exp");
    for (const text of [short, long]) expect(await refusalOf(verifier.verify(text, NOW))).toBe("token_expired /exp");
  });

  it("still ends when it expires, although it is remembered", async () => {
    const { anchor, asked } = counting(world.anchor);
    const verifier = createChainVerifier([anchor], DEFAULT_LIMITS);
    const root = await world.root();
    const chain = `${root}~${await world.child(root, { exp: NOW + 60 })}`;
    expect(await refusalOf(verifier.verify(chain, NOW))).toBe("accepted");
    expect(await refusalOf(verifier.verify(chain, NOW + 59))).toBe("accepted");
    expect(asked()).toBe(1);
    expect(await refusalOf(verifier.verify(chain, NOW + 60))).toBe("token_expired /exp");
    expect(await refusalOf(verifier.verify(chain, NOW + 4000))).toBe("token_expired /exp");
  });

  it("can be read after it expired, where nothing else is wrong with it, and is no less expired for that", async () => {
    const root = await world.root();
    const chain = `${root}~${await world.child(root, { exp: NOW + 60 })}`;
    const verifier = createChainVerifier([world.anchor], DEFAULT_LIMITS);
    const read = await verifier.verifyExpired(chain, NOW + 4000);
    expect(await refusalOf(verifier.verify(chain, NOW + 4000))).toBe("token_expired /exp");
    expect(await refusalOf(verifier.lookAgain(read, NOW))).toBe("token_malformed");
    expect(read).toEqual(await verifyAt(chain, [world.anchor]));
    const forged = `${root}~${await world.child(root, { exp: NOW + 4000 })}`;
    expect(await refusalOf(verifier.verify(forged, NOW + 5000))).toBe("token_expired /exp");
    expect(await refusalOf(verifier.verifyExpired(forged, NOW + 5000))).toBe("chain_widened /exp");
    expect(await refusalOf(verifier.verifyExpired(chain, NOW - 4000))).toBe("token_not_yet_valid /iat");
  });

  it("stays expired where the clock steps back, under whichever signatures it comes; others do not", async () => {
    const verifier = createChainVerifier([world.anchor], DEFAULT_LIMITS);
    const root = await world.root();
    const chain = `${root}~${await world.child(root, { exp: NOW + 60 })}`;
    const other = `${root}~${await world.child(root, { exp: NOW + 60, jti: "BBBBBBBBBBBBBBBBBBBBBA" })}`;
    for (const text of [chain, other, root]) expect(await refusalOf(verifier.verify(text, NOW))).toBe("accepted");
    expect(await refusalOf(verifier.verify(chain, NOW + 60))).toBe("token_expired /exp");
    for (const text of [chain, ...(world.algorithm === "ES256" ? [chain.split("~").map(twinOf).join("~")] : [])]) {
      expect(await refusalOf(verifier.verify(text, NOW))).toBe("token_expired /exp");
      expect(await refusalOf(verifier.verify(text, NOW + 30))).toBe("token_expired /exp");
    }
    const putBack = { message: expect.stringContaining("by the clock here, which was put back since") };
    await expect(verifier.verify(chain, NOW)).rejects.toMatchObject(putBack);
    for (const text of [other, root]) expect(await refusalOf(verifier.verify(text, NOW + 59))).toBe("accepted");
  });

  it("stays expired with every child that is made of it afterwards", async () => {
    const verifier = createChainVerifier([world.anchor], DEFAULT_LIMITS);
    const root = await world.root({ exp: NOW + 60 });
    expect(await refusalOf(verifier.verify(root, NOW))).toBe("accepted");
    expect(await refusalOf(verifier.verify(root, NOW + 60))).toBe("token_expired /exp");
    const child = `${root}~${await world.child(root, { exp: NOW + 50 })}`;
    for (let i = 0; i < 2; i++) expect(await refusalOf(verifier.verify(child, NOW + 10))).toBe("token_expired /exp");
  });

  it("is looked at again without a signature: it is alive, and its issuer still publishes the key", async () => {
    const given = world.anchor.keys as readonly TrustedKey[];
    let published = given;
    const { anchor, asked } = counting({ ...world.anchor, keys: { find: async () => published } });
    const verifier = createChainVerifier([anchor], DEFAULT_LIMITS);
    const text = await world.chain();
    const chain = await verifier.verify(text, NOW);
    expect(await refusalOf(verifier.lookAgain(chain, NOW + 3599))).toBe("accepted");
    published = [];
    const gone = await errorOf(verifier.lookAgain(chain, NOW));
    expect(gone).toMatchObject({ code: "token_untrusted_issuer", pointer: "/kid" });
    expect(gone.message).toContain(`the key "k1" of "${ISSUER}"`);
    published = given;
    expect(await refusalOf(verifier.lookAgain(chain, NOW + 3600))).toBe("token_expired /exp");
    expect(await refusalOf(verifier.lookAgain(chain, NOW))).toBe("token_expired /exp");
    expect(asked()).toBe(1);
    expect(await refusalOf(verifier.verify(text, NOW))).toBe("token_expired /exp");
  });

  it("that another verified is nothing to look at", async () => {
    const chain = await createChainVerifier([world.anchor], DEFAULT_LIMITS).verify(await world.chain(), NOW);
    const other = createChainVerifier([world.anchor], DEFAULT_LIMITS);
    expect(await refusalOf(other.lookAgain(chain, NOW))).toBe("token_malformed");
  });

  it("is known to no other verifier: with other anchors it is refused", async () => {
    const trusting = createChainVerifier([world.anchor], DEFAULT_LIMITS);
    const strict = createChainVerifier([{ ...world.anchor, subjects: ["bob"] }], DEFAULT_LIMITS);
    const stranger = createChainVerifier([], DEFAULT_LIMITS);
    const chain = await world.chain();
    expect(await refusalOf(trusting.verify(chain, NOW))).toBe("accepted");
    expect(await refusalOf(strict.verify(chain, NOW))).toBe("token_untrusted_issuer /sub");
    expect(await refusalOf(stranger.verify(chain, NOW))).toBe("token_untrusted_issuer /kid");
    expect(await refusalOf(trusting.verify(chain, NOW))).toBe("accepted");
  });

  it("lends nothing to a chain that shares tokens with it", async () => {
    const verifier = createChainVerifier([world.anchor], DEFAULT_LIMITS);
    const chain = await world.chain();
    const [root, child] = chain.split("~") as [string, string];
    expect(await refusalOf(verifier.verify(chain, NOW))).toBe("accepted");
    const bent = `${child.slice(0, -2)}${child.endsWith("AA") ? "gA" : "AA"}`;
    expect(await refusalOf(verifier.verify(`${root}~${bent}`, NOW))).toBe("token_signature_invalid");
    const forged = await world.child(root, {}, { signer: world.mallory });
    expect(await refusalOf(verifier.verify(`${root}~${forged}`, NOW))).toBe("token_signature_invalid");
    expect(await refusalOf(verifier.verify(chain.toLowerCase(), NOW))).not.toBe("accepted");
  });

  it("was never one that was refused: that is looked at anew each time", async () => {
    const { anchor, asked } = counting(world.anchor);
    const verifier = createChainVerifier([anchor], DEFAULT_LIMITS);
    const early = await world.root({ iat: NOW + 100 });
    expect(await refusalOf(verifier.verify(early, NOW))).toBe("token_not_yet_valid /iat");
    expect(await refusalOf(verifier.verify(early, NOW + 100))).toBe("accepted");
    expect(asked()).toBe(2);
  });

  it("is not mixed up when many are verified at once", async () => {
    const verifier = createChainVerifier([{ ...world.anchor, subjects: "any" }], DEFAULT_LIMITS);
    const names = Array.from({ length: 20 }, (_, i) => `user-${i}`);
    const roots = await Promise.all(names.map((sub) => world.root({ sub })));
    const chains = await Promise.all([...roots, ...roots].map((root) => verifier.verify(root, NOW)));
    expect(chains.map(({ user }) => user.subject)).toEqual([...names, ...names]);
  });
});

it("a key that two chains share is imported once by one verifier, and another imports it anew", async () => {
  const world = worlds[0] as World;
  const verifier = createChainVerifier([world.anchor], DEFAULT_LIMITS);
  const first = await verifier.verify(await world.root(), NOW);
  const second = await verifier.verify(await world.root({ txn: "order-7" }), NOW);
  expect(second).not.toBe(first);
  expect(second.holder).toBe(first.holder);
  const other = await createChainVerifier([world.anchor], DEFAULT_LIMITS).verify(await world.root(), NOW);
  expect(other.holder).not.toBe(first.holder);
});

it("a P-256 key is not taken for the one that differs in the sign of y alone, also where that one is remembered", async () => {
  const world = worlds[1] as World;
  const { planner } = world;
  const prime = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
  const y = BigInt(`0x${Buffer.from((planner.publicJwk as { y: string }).y, "base64url").toString("hex")}`);
  const negated = Buffer.from((prime - y).toString(16).padStart(64, "0"), "hex").toString("base64url");
  const twin = { ...planner.publicJwk, y: negated } as typeof planner.publicJwk;
  const verifier = createChainVerifier([world.anchor], DEFAULT_LIMITS);
  const own = await verifier.verify(await world.root(), NOW);
  const other = await verifier.verify(await world.root({ cnf: { jwk: twin } }), NOW);
  expect(other.holder.thumbprint).toBe(await thumbprintOf(twin));
  expect(other.holder.thumbprint).not.toBe(own.holder.thumbprint);
  const root = await world.root({ cnf: { jwk: twin } });
  expect(await refusalOf(verifier.verify(`${root}~${await world.child(root)}`, NOW))).toBe("token_signature_invalid");
});

it("an ECDSA signature that somebody turned into its twin gives the same chain, by the same identity", async () => {
  const world = worlds[1] as World;
  const token = await world.root();
  const [chain, other] = [await verifyAt(token, [world.anchor]), await verifyAt(twinOf(token), [world.anchor])];
  expect(twinOf(token)).not.toBe(token);
  expect(other).toEqual(chain);
  const child = await world.child(token);
  expect(await refusalOf(verifyAt(`${twinOf(token)}~${twinOf(child)}`, [world.anchor]))).toBe("accepted");
});
