import { beforeAll, describe, expect, it } from "vitest";
import { randomId } from "../../crypto/index.ts";
import type { Denied } from "../../decision/index.ts";
import { HopwiseError, inOwnWords } from "../../errors.ts";
import { HopwiseError as HostError } from "../../host-error.ts";
import {
  type ClaimAbout,
  memoryReplay,
  memoryRevocations,
  memoryState,
  type RevocationQuery,
  type RevocationTarget,
} from "../../state/index.ts";
import { type Chain, DEFAULT_LIMITS } from "../../token/index.ts";
import { modelView } from "../../views/index.ts";
import { errorOf, JTI, NOW, never } from "../../world.fixture.ts";
import { refuseBudget } from "../gone-by.ts";
import { ALICE, BY_ALICE, codeOf, createScene, decide, type Parts, payment, type Scene } from "../point.fixture.ts";
import type { CheckedProof } from "./proof.ts";
import { askState, refuseRevoked, spendProof } from "./state.ts";

let scene: Scene;
let proof: CheckedProof;
beforeAll(async () => {
  scene = await createScene();
  proof = { jti: JTI, issuedAt: NOW, audience: "", chain: scene.chain };
});

const failing = (): never => {
  throw new Error("password=hunter2");
};
const OUTAGES = [
  ["throws", failing],
  ["rejects", () => Promise.reject(new Error("password=hunter2"))],
  ["does not answer", () => never],
] as const;

describe("what was revoked", () => {
  const targets: readonly (readonly [string, string, () => RevocationTarget])[] = [
    ["a chain, by the hash of its root", "token", () => ({ token: scene.chain.id })],
    ["the key of an agent in the middle", "key", () => ({ key: scene.chain.links[0]?.key as never })],
    ["the key of the last agent", "key", () => ({ key: scene.chain.holder.thumbprint })],
    ["the key of the issuer that signed the root", "key", () => ({ key: scene.chain.rootKey })],
    ["an agent in the middle", "agent", () => ({ agent: "planner" })],
    ["an agent, in chains of one issuer", "agent", () => ({ issuer: ALICE.issuer, agent: "planner" })],
    [
      "a key, in chains of one issuer",
      "key",
      () => ({ issuer: ALICE.issuer, key: scene.chain.links[0]?.key as never }),
    ],
    ["everything of a user before a time", "user", () => ({ user: ALICE, notBefore: NOW + 1 })],
  ];
  const then: Record<string, string> = {
    agent: "until that is lifted, every delegation with it is refused",
    key: "have it delegated anew, by and to other keys",
  };

  const named = (target: RevocationTarget): string =>
    "user" in target ? target.user.subject : String(Object.entries(target).find(([kind]) => kind !== "issuer")?.[1]);

  it.each(targets)("is of no use from the next call on, in a session and on the wire: %s", async (_, what, target) => {
    const revocations = memoryRevocations();
    const { point } = scene.point({ revocations });
    expect(codeOf(await decide(payment(scene.inSession), point))).toBe("allowed");
    revocations.revoke(target());
    const denied = await decide(payment(scene.inSession), point);
    expect(denied).toMatchObject({
      code: "revoked",
      message: `the ${what} "${named(target())}" that this call stands on was revoked; ${then[what] ?? "have it delegated anew"}`,
    });
    const { message } = modelView(denied as Denied);
    expect(message).toMatch(
      what === "token" || what === "user" ? /Ask for a new one\.$/ : new RegExp(`^An? ${what} .* report it\\.$`),
    );
    expect(codeOf(await decide(payment(await scene.byProof()), point))).toBe("revoked");
  });

  it("leaves alone what stands above it, others, and what was issued later", async () => {
    const revocations = memoryRevocations();
    const chain = { ...scene.chain, links: scene.chain.links.slice(0, 1) };
    const { point } = scene.point({ revocations });
    revocations.revoke({ agent: "researcher" });
    revocations.revoke({ user: { ...ALICE, issuer: "https://other.example" }, notBefore: NOW * 2 });
    revocations.revoke({ user: ALICE, notBefore: NOW });
    expect(await refuseRevoked({ user: ALICE, chain }, point)).toBeUndefined();
    expect(await refuseRevoked({ user: ALICE, chain: scene.chain }, point)).toMatchObject({ code: "revoked" });
  });

  it("stops a user without agents, too, while the time lies ahead", async () => {
    const revocations = memoryRevocations();
    revocations.revoke({ user: ALICE, notBefore: NOW + 60 });
    expect(codeOf(await decide(payment(BY_ALICE), scene.point({ revocations }).point))).toBe("revoked");
    const later = scene.point({ revocations, clock: () => (NOW + 60) * 1000 });
    expect(codeOf(await decide(payment(BY_ALICE), later.point))).toBe("allowed");
  });

  it("is forgotten when it may be, and not a moment before", async () => {
    let now = NOW * 1000;
    const clock = (): number => now;
    const revocations = memoryRevocations(clock);
    revocations.revoke({ agent: "planner" }, NOW + 1);
    const { point } = scene.point({ revocations, clock });
    now += 999;
    expect(codeOf(await decide(payment(scene.inSession), point))).toBe("revoked");
    now += 1;
    expect(codeOf(await decide(payment(scene.inSession), point))).toBe("allowed");
  });

  it("is asked of everything that the call stands on: each token, key and agent, the user, and when the root was issued", async () => {
    const seen: RevocationQuery[] = [];
    const find = (query: RevocationQuery) => void seen.push(query);
    const { point } = scene.point({ revocations: { find } });
    await refuseRevoked({ user: ALICE, chain: scene.chain }, point);
    await refuseRevoked({ user: ALICE, chain: undefined }, point);
    const { links } = scene.chain;
    expect(seen).toEqual([
      {
        tokens: links.map(({ hash }) => hash),
        keys: [scene.chain.rootKey, ...links.map(({ key }) => key)],
        agents: ["planner", "researcher"],
        user: ALICE,
        issuedAt: NOW,
      },
      { tokens: [], keys: [], agents: [], user: ALICE, issuedAt: NOW },
    ]);
  });

  it.each(OUTAGES)("closes where the store %s", async (_, find) => {
    const { point } = scene.point({ revocations: { find }, deadlineMs: 10 });
    expect(await errorOf(refuseRevoked({ user: ALICE, chain: scene.chain }, point))).toMatchObject({
      code: "state_unavailable",
      message: expect.stringMatching(
        /^it could not be told whether something was revoked: the store of revocations (failed|gave no answer within 10 ms)$/,
      ),
      cause: expect.any(Error),
    });
  });

  it("says why it cannot be told, in a driver's own words, and in no words of a host's", async () => {
    const failing = (error: Error) => ({ revocations: { find: () => Promise.reject(error) }, deadlineMs: 1000 });
    const messageOf = async (error: Error) =>
      (await errorOf(refuseRevoked({ user: ALICE, chain: undefined }, scene.point(failing(error)).point))).message;
    const own = inOwnWords(new HopwiseError("state_unavailable", "Redis at 127.0.0.1:6379 is full"));
    expect(await messageOf(own)).toMatch(/revoked: Redis at 127.0.0.1:6379 is full$/);
    for (const error of [new Error("hunter2"), new HostError("state_unavailable", "hunter2")]) {
      expect(await messageOf(error)).toMatch(/revoked: the store of revocations failed$/);
    }
  });
});

describe("a proof", () => {
  const spent = async (parts: Parts, changed: Partial<CheckedProof> = {}) => {
    const claimed: [string, number, ClaimAbout | undefined][] = [];
    const claim = (key: string, untilSeconds: number, about?: ClaimAbout): boolean => {
      claimed.push([key, untilSeconds, about]);
      return true;
    };
    const { point } = scene.point({ replay: { claim }, ...parts });
    return { refused: await spendProof({ ...proof, ...changed }, point), claimed };
  };
  const nonce = { value: "nonce-1", issuedAt: NOW, expiresAt: NOW + 500 };
  const owner = JSON.stringify([ALICE.issuer, ALICE.subject]);

  it("is good once, also for the same holder", async () => {
    const { point } = scene.point();
    expect(await spendProof(proof, point)).toBeUndefined();
    expect(await spendProof(proof, point)).toMatchObject({
      code: "proof_replayed",
      message: "the proof was used before; make a new proof for each call",
    });
    expect(await spendProof({ ...proof, jti: randomId() }, point)).toBeUndefined();
  });

  it("is remembered under its holder's key, so that two holders may choose the same id", async () => {
    const { claimed } = await spent({});
    expect(claimed.map(([key]) => key)).toEqual([`${scene.chain.holder.thumbprint}.${JTI}`]);
  });

  it.each<[string, Partial<CheckedProof>, number]>([
    ["now", { issuedAt: NOW - 30 }, NOW],
    ["its own time, where that lies ahead", { issuedAt: NOW + 30 }, NOW + 30],
    ["the end of its nonce", { nonce }, nonce.expiresAt],
  ])("is remembered as long as it could be good, counted from %s", async (_, changed, from) => {
    const limits = { ...DEFAULT_LIMITS, proofWindowSeconds: 60, skewSeconds: 7 };
    const { claimed } = await spent({ limits }, changed);
    expect(claimed[0]?.[1]).toBe(from + 67);
  });

  it("is remembered with its own time, unless a nonce ends its life", async () => {
    const made = async (changed: Partial<CheckedProof>) => (await spent({}, changed)).claimed[0]?.[2];
    const about = { nowSeconds: NOW, owner, root: scene.chain.id };
    expect(await made({ issuedAt: NOW - 30 })).toEqual({ ...about, madeAtSeconds: NOW - 30 });
    expect(await made({ nonce })).toEqual(about);
  });

  it("uses up the nonce that it names, for as long as that would have been good", async () => {
    const { claimed, refused } = await spent({}, { nonce });
    expect(refused).toBeUndefined();
    expect(claimed.at(-1)).toEqual(["nonce.nonce-1", nonce.expiresAt, { nowSeconds: NOW }]);
  });

  it("takes room for its nonce only within the share of its user and its root: with nonces, too, nobody fills the memory", async () => {
    const replay = memoryReplay({
      maxProofs: 12,
      maxProofsOfUser: 8,
      maxProofsOfRoot: 4,
      since: 0,
      clock: () => NOW * 1000,
    });
    const { point } = scene.point({ replay });
    const use = (i: number, chain: Chain) =>
      spendProof({ ...proof, chain, jti: randomId(), nonce: { ...nonce, value: `${i}` } }, point);
    for (let i = 0; i < 4; i++) expect(await use(i, scene.chain)).toBeUndefined();
    for (let i = 4; i < 40; i++) {
      expect(await errorOf(use(i, scene.chain))).toMatchObject({ message: expect.stringMatching(/of one root$/) });
    }
    expect(await use(40, { ...scene.chain, id: "another" as never })).toBeUndefined();
  });

  it("takes none for a nonce beside an id that was used before: one id with many nonces would fill the memory, too", async () => {
    const claims: string[] = [];
    const claim = (key: string): boolean => claims.push(key) > 0 && key.startsWith("nonce.");
    const { point } = scene.point({ replay: { notBefore: 0, claim } });
    expect(await spendProof({ ...proof, nonce }, point)).toMatchObject({ code: "proof_replayed" });
    expect(claims).toEqual([`${scene.chain.holder.thumbprint}.${JTI}`]);
  });

  it("is refused where the store noticed, while it was asked, that it lost what it knew", async () => {
    const losing = {
      notBefore: 0,
      claim: () => {
        losing.notBefore = NOW + 1;
        return true;
      },
    };
    const { refused } = await spent({ replay: losing });
    expect(refused).toMatchObject({ code: "proof_replayed", message: expect.stringContaining("began to remember") });
  });

  it("is refused where its nonce was used before, and is used up itself", async () => {
    const { point } = scene.point({ replay: memoryState({ since: 0, clock: () => NOW * 1000 }).replay });
    expect(await spendProof({ ...proof, nonce }, point)).toBeUndefined();
    const second = { ...proof, jti: randomId() };
    expect(await spendProof({ ...second, nonce }, point)).toMatchObject({
      code: "proof_replayed",
      message: "the nonce was used before; ask for a new one for each call",
    });
    expect(await spendProof(second, point)).toMatchObject({
      code: "proof_replayed",
      message: "the proof was used before; make a new proof for each call",
    });
  });

  describe("of two authorizers that share a memory, one with a short window and one with a long one", () => {
    const shared = () => {
      const at = { now: NOW };
      const clock = (): number => at.now * 1000;
      const { replay } = memoryState({ since: 0, clock });
      const [short, long] = [1, 300].map((proofWindowSeconds) => {
        const limits = { ...DEFAULT_LIMITS, proofWindowSeconds };
        return scene.point({ limits, replay, clock }).point;
      });
      const use = async (point = short, caller = scene.byProof({ iat: at.now })) =>
        codeOf(await decide(payment(await caller), point as NonNullable<typeof point>));
      return { at, use, short, long };
    };

    it("is not good again where the long one still takes it, whether or not it was forgotten by then", async () => {
      for (const forgetting of [false, true]) {
        const { at, use, short, long } = shared();
        const caller = scene.byProof({ iat: NOW });
        expect(await use(short, caller)).toBe("allowed");
        at.now += 200;
        if (forgetting) expect(await use(short)).toBe("allowed");
        expect(await use(long, caller)).toBe("proof_replayed");
        // The same is so from the long one to the short one, which does not take it anyway.
        expect(await use(long)).toBe("allowed");
      }
    });

    it("may be as old as the long one permits, while nothing newer was forgotten", async () => {
      const { at, use, short, long } = shared();
      const [older, newer] = [scene.byProof({ iat: NOW - 1 }), scene.byProof({ iat: NOW + 1 })];
      expect(await use(short)).toBe("allowed");
      at.now += 200;
      expect(await use(long, newer)).toBe("allowed");
      expect(await use(long, older)).toBe("proof_replayed");
    });
  });

  it.each(OUTAGES)("is refused where the store %s", async (_, claim) => {
    expect(await errorOf(spent({ replay: { claim }, deadlineMs: 10 }))).toMatchObject({
      code: "state_unavailable",
      message: expect.stringMatching(/^it could not be told whether the proof was used before: the store of proofs /),
    });
  });
});

it("a proof that cannot be used up hides nothing of what was revoked", async () => {
  const revocations = memoryRevocations();
  revocations.revoke({ agent: "planner" });
  const { point } = scene.point({ revocations, replay: { claim: failing } });
  expect(await askState({ user: ALICE, chain: scene.chain }, proof, point)).toMatchObject({
    revoked: { code: "revoked" },
    replayed: { code: "state_unavailable" },
  });
});

describe("a budget", () => {
  const budget = { id: "2026-11", from: NOW - 60, until: NOW + 86_400, calls: 1 };
  const spending = (): Chain => ({ ...scene.chain, links: scene.chain.links.map((link) => ({ ...link, budget })) });
  const { replay, revocations } = memoryState({ since: 0, clock: () => NOW * 1000 });
  const COUNTS_NOTHING = { state: { replay, revocations } };
  const parts = (chain: Chain): Parts => ({
    verifier: { verify: async () => chain },
    spending: undefined as never,
  });

  it("lets no call run, since nothing here counts what is spent", async () => {
    expect(refuseBudget({ user: ALICE, chain: spending() }, COUNTS_NOTHING)).toMatchObject({
      code: "budget_unsupported",
      pointer: "/budget",
      message: `the chain has the budget "2026-11", and this enforcement point's state counts no budgets; have it issued without one`,
    });
    for (const chain of [scene.chain, undefined])
      expect(refuseBudget({ user: ALICE, chain }, COUNTS_NOTHING)).toBeUndefined();
  });

  it("is no matter of trying again, and is told once the holder is known, on record with what the chain may spend", async () => {
    for (const caller of [await scene.byProof(), scene.inSession]) {
      const { point, audit } = scene.point(parts(spending()));
      const denied = await decide(payment(caller), point);
      expect(denied).toMatchObject({ code: "budget_unsupported", stage: "state", retryable: false });
      expect(audit.records.map(({ chain }) => chain?.budget)).toEqual([budget]);
    }
  });

  it("is not told to whoever is not the holder, nor where the chain was revoked or the proof was used", async () => {
    const { point } = scene.point(parts(spending()));
    expect(codeOf(await decide(payment(await scene.byProof({ iat: NOW - 3600 })), point))).toBe("proof_invalid");
    const once = await scene.byProof();
    expect(codeOf(await decide(payment(once), point))).toBe("budget_unsupported");
    expect(codeOf(await decide(payment(once), point))).toBe("proof_replayed");
    const revocations = memoryRevocations();
    revocations.revoke({ agent: "planner" });
    const revoked = scene.point({ ...parts(spending()), revocations }).point;
    expect(codeOf(await decide(payment(scene.inSession), revoked))).toBe("revoked");
  });
});
