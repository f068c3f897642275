import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../json/index.ts";
import {
  ALGORITHMS,
  claimsOf,
  createWorld,
  errorOf,
  forge,
  hashOf,
  ISSUER,
  JTI,
  NOW,
  PAY,
  refusalOf,
  twinOf,
  type World,
} from "../../world.fixture.ts";
import { thumbprintOf, thumbprintUri } from "../keys/key.ts";
import type { Signer } from "../keys/signer.ts";
import { delegate } from "../make/delegate.ts";
import { type Delegation, hold, parseDelegation, serialize } from "../make/delegation.ts";
import { type RevocationOf, type RevocationOrder, signRevocation } from "./revoke.ts";
import { type RevocationReading, verifyRevocation } from "./verify-revocation.ts";

const LOG = "https://revocations.acme.example";
const clock = (): number => NOW * 1000 + 250;
const AS = { issuer: ISSUER, kid: "k1" };
const worlds = await Promise.all(ALGORITHMS.map((algorithm) => createWorld(algorithm)));

/** A root, a child and a grandchild: the three tokens of one chain, cut after each. */
async function cutsOf(world: World): Promise<readonly Delegation[]> {
  const root = await world.root();
  const child = `${root}~${await world.child(root)}`;
  const grandchild = `${child}~${await world.grandchild(child)}`;
  return Promise.all([root, child, grandchild].map((text) => parseDelegation(text)));
}

function reading(world: World, changed: Partial<RevocationReading> = {}): RevocationReading {
  return { trust: [world.anchor], audience: LOG, nowSeconds: NOW, ...changed };
}

const order = (signer: Signer, of: RevocationOf, more: Partial<RevocationOrder> = {}): RevocationOrder => ({
  signer,
  of,
  audience: LOG,
  clock,
  ...more,
});

describe.each(worlds)("a revocation of a token, over $algorithm,", (world: World) => {
  /** Everybody, by the depth of the token that they hold; the issuer stands above all, the stranger nowhere. */
  const depths = { issuer: -1, planner: 0, researcher: 1, clerk: 2, mallory: Number.POSITIVE_INFINITY } as const;
  const everybody = Object.keys(depths) as (keyof typeof depths)[];
  const cases = everybody.flatMap((who) => [0, 1, 2].map((target) => [who, target] as const));

  it.each(cases)("by the %s, of token %i, holds exactly where it is theirs or below them", async (who, target) => {
    const cuts = await cutsOf(world);
    const signer = world[who];
    const more = who === "issuer" ? { as: AS } : {};
    const may = depths[who] <= target;
    for (const [cut, delegation] of cuts.entries()) {
      // The maker refuses what the verifier would; so the statement is made by hand where it is not right.
      const hash = await hashOf(
        serialize(cuts[target] as Delegation)
          .split("~")
          .at(-1) as string,
      );
      const revocation = await forged(world, signer, who === "issuer", { token: hash });
      const sent = { revocation, evidence: serialize(delegation) };
      const answer = await refusalOf(verifyRevocation(sent, reading(world)));
      expect(answer === "accepted", `evidence cut after ${cut}: ${answer}`).toBe(may && cut === target);
      if (answer !== "accepted") expect(answer).toMatch(/^revocation_refused \/(jkt|target\/token)$/);
    }
    const made = signRevocation(order(signer, { delegation: cuts[target] as Delegation }, more));
    expect(await refusalOf(made)).toBe(may ? "accepted" : "revocation_refused /jkt");
    if (!may) return;
    const { revocation, evidence } = await made;
    const {
      target: revoked,
      by,
      signedBy,
    } = await verifyRevocation({ revocation, ...(evidence !== undefined && { evidence }) }, reading(world));
    expect(revoked).toEqual({ token: expect.stringMatching(/^[\w-]{43}$/), expiresAt: NOW + 3600 });
    expect(signedBy).toBe(await thumbprintOf(signer.publicJwk));
    expect(by).toEqual(who === "issuer" ? { issuer: ISSUER } : { agent: who, hop: depths[who] + 1 });
  });

  it("is identified by what was signed: another signature of it is the same statement, with the same jti", async () => {
    const [root] = await cutsOf(world);
    const sent = await signRevocation(order(world.planner, { delegation: root as Delegation }));
    const verified = await verifyRevocation(sent, reading(world));
    expect(verified.hash).toBe(await hashOf(sent.revocation));
    expect(verified.issuedAt).toBe(NOW + 0.25);
    expect(verified.evidence?.id).toBe((root as Delegation).id);
    if (world.algorithm !== "ES256") return;
    const twin = await verifyRevocation({ ...sent, revocation: twinOf(sent.revocation) }, reading(world));
    expect([twin.hash, twin.jti, twin.signedBy]).toEqual([verified.hash, verified.jti, verified.signedBy]);
  });
});

describe("a revocation", () => {
  const [world] = worlds as [World];

  it("of a token that the signer just made works with what delegate gave", async () => {
    const parent = await hold(await parseDelegation(await world.root()), world.planner);
    const child = await delegate(parent, {
      to: "researcher",
      holder: world.researcher,
      grant: parent.grant,
      clock: () => NOW * 1000,
    });
    const sent = await signRevocation(order(world.planner, { delegation: child }));
    expect(sent.evidence?.split("~")).toHaveLength(2);
    expect((await verifyRevocation(sent, reading(world))).by).toEqual({ agent: "planner", hop: 1 });
  });

  it.each<[string, RevocationOf, object]>([
    ["user", { user: "alice", notBefore: NOW }, { user: { issuer: ISSUER, subject: "alice" }, notBefore: NOW }],
    ["key", { key: "A".repeat(43) }, { key: "A".repeat(43), issuer: ISSUER }],
    ["agent", { agent: "planner" }, { agent: "planner", issuer: ISSUER }],
  ])("of a %s is an issuer's, and reaches into its own chains alone", async (_, of, target) => {
    const sent = await signRevocation(order(world.issuer, of, { as: AS }));
    expect(sent).toEqual({ revocation: expect.any(String) });
    expect((await verifyRevocation(sent, reading(world))).target).toEqual(target);
    expect(await refusalOf(signRevocation(order(world.planner, of)))).toBe("revocation_refused /target");
  });

  it("is not signed for an issuer of another chain, nor of a user beforehand", async () => {
    const [root] = await cutsOf(world);
    const other = { as: { issuer: "https://id.partner.example", kid: "k1" } };
    const foreign = signRevocation(order(world.issuer, { delegation: root as Delegation }, other));
    expect(await refusalOf(foreign)).toBe("revocation_refused /iss");
    const ahead = { user: "alice", notBefore: NOW + 2 };
    expect(await refusalOf(signRevocation(order(world.issuer, ahead, { as: AS })))).toBe(
      "config_invalid /of/notBefore",
    );
    const now = signRevocation(order(world.issuer, { ...ahead, notBefore: NOW + 1 }, { as: AS }));
    expect(await refusalOf(now)).toBe("accepted");
  });

  it("is not signed where it cannot hold, and says why", async () => {
    const [root] = await cutsOf(world);
    const messageOf = async (made: RevocationOrder): Promise<string> => (await errorOf(signRevocation(made))).message;
    const refused = "this may not be revoked so: ";
    const of = { delegation: root as Delegation };
    expect(await messageOf(order(world.mallory, of))).toBe(
      `${refused}the signer holds neither the token nor one above it`,
    );
    expect(await messageOf(order(world.issuer, of, { as: { ...AS, issuer: "https://id.partner.example" } }))).toBe(
      `${refused}an issuer may revoke what grew from its own roots`,
    );
    expect(await messageOf(order(world.planner, { agent: "planner" }))).toBe(
      `${refused}only an issuer may revoke a user, a key or an agent`,
    );
    expect(await messageOf(order(world.issuer, { user: "alice", notBefore: NOW + 2 }, { as: AS }))).toBe(
      "signRevocation: of.notBefore must not lie ahead: nothing is revoked beforehand",
    );
  });

  it("goes by the machine's own clock where no other was given", async () => {
    const { clock: _, ...unclocked } = order(world.issuer, { agent: "planner" }, { as: AS });
    const before = Math.floor(Date.now() / 1000);
    const { iat } = claimsOf((await signRevocation(unclocked)).revocation) as { iat: number };
    expect(iat).toBeGreaterThanOrEqual(before);
    expect(iat).toBeLessThanOrEqual(Math.floor(Date.now() / 1000));
  });

  it("that cannot even be read is refused with its cause", async () => {
    const cause = new Error("hunter2");
    const sent = {
      get revocation(): never {
        throw cause;
      },
    };
    const error = await errorOf(verifyRevocation(sent, reading(world)));
    expect([error.code, error.message, error.cause]).toEqual([
      "token_malformed",
      "the revocation cannot be read",
      cause,
    ]);
  });

  it("is not signed by a clock that gives no time", async () => {
    const [root] = await cutsOf(world);
    const broken = order(world.planner, { delegation: root as Delegation }, { clock: () => Number.NaN });
    expect(await refusalOf(signRevocation(broken))).toBe("config_invalid /clock");
  });

  it.each<[string, Partial<RevocationReading>, string]>([
    ["from before the memory began", { rememberedSince: NOW + 0.251 }, "token_expired /iat"],
    ["of the millisecond in which it began", { rememberedSince: NOW + 0.25, nowSeconds: NOW + 1 }, "accepted"],
    ["ahead of a clock whose memory is young", { rememberedSince: NOW - 5 }, "token_not_yet_valid /iat"],
    ["ahead of a clock whose memory is older than the window", { rememberedSince: NOW - 30 }, "accepted"],
    ["for a log of another name", { audience: PAY }, "audience_mismatch /aud"],
    ["for one of a log's names", { audience: [PAY, LOG] }, "accepted"],
    ["from more than the window ago", { nowSeconds: NOW + 31 }, "token_expired /iat"],
    ["within a longer window", { nowSeconds: NOW + 31, limits: { proofWindowSeconds: 60 } }, "accepted"],
    ["from more than the window ahead", { nowSeconds: NOW - 30 }, "token_not_yet_valid /iat"],
    ["where nobody is trusted", { trust: [] }, "token_untrusted_issuer /kid"],
  ])("%s is answered so", async (_, changed, expected) => {
    const [root] = await cutsOf(world);
    const sent = await signRevocation(order(world.planner, { delegation: root as Delegation }));
    expect(await refusalOf(verifyRevocation(sent, reading(world, changed)))).toBe(expected);
  });

  it("from before the memory began is refused with what to do", async () => {
    const sent = await signRevocation(order(world.issuer, { agent: "planner" }, { as: AS }));
    const error = await errorOf(verifyRevocation(sent, reading(world, { rememberedSince: NOW + 1 })));
    expect(error.message).toBe(
      "the statement is not good now: it was made before this server began to remember proofs; make a new one",
    );
  });

  it("says when the keys of its issuer cannot be had", async () => {
    const keys = { find: () => Promise.reject(new Error("hunter2")) };
    const trust = [{ ...world.anchor, keys: keys as never }];
    const sent = await signRevocation(order(world.issuer, { agent: "planner" }, { as: AS }));
    const error = await errorOf(verifyRevocation(sent, reading(world, { trust })));
    expect(error.code).toBe("issuer_keys_unavailable");
    expect(error.message).not.toContain("hunter2");
  });

  it.each<[unknown, string]>([
    [undefined, "token_malformed"],
    [null, "token_malformed"],
    [{}, "token_malformed"],
    [{ revocation: 5 }, "token_malformed"],
    [{ revocation: "" }, "token_malformed"],
    [{ revocation: "a".repeat(8193) }, "token_too_large"],
  ])("that is %j is refused", async (sent, code) => {
    expect(await refusalOf(verifyRevocation(sent as never, reading(world)))).toBe(code);
  });

  it("is refused with evidence that is no text", async () => {
    const { revocation } = await signRevocation(order(world.issuer, { agent: "planner" }, { as: AS }));
    for (const evidence of [null, 5, {}]) {
      const sent = { revocation, evidence: evidence as never };
      expect(await refusalOf(verifyRevocation(sent, reading(world)))).toBe("revocation_refused /target");
    }
  });
});

/** A statement with any target, by any key. */
async function forged(world: World, signer: Signer, byIssuer: boolean, target: object): Promise<string> {
  const thumbprint = await thumbprintOf(signer.publicJwk);
  const header = { alg: world.algorithm, typ: "hw-revoke+jwt", ...(byIssuer ? { kid: "k1" } : { jkt: thumbprint }) };
  const iss = byIssuer ? ISSUER : thumbprintUri(thumbprint);
  const claims = { aud: LOG, hw: 1, hw_ms: 0, iat: NOW, iss, jti: JTI, target };
  return forge(header, canonicalJson(claims as never), signer);
}
