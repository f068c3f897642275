import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { canonicalJson } from "../json/index.ts";
import {
  createWorld,
  errorOf,
  forge,
  hashOf,
  ISSUER,
  JTI,
  NOW,
  PAY,
  refusalOf,
  type World,
} from "../testing.fixture.ts";
import {
  parseDelegation,
  type RevocationOf,
  type SignedRevocation,
  type Signer,
  signRevocation,
  thumbprintOf,
} from "../token/index.ts";
import { type AcceptOptions, acceptRevocations, type RevocationAnswer } from "./accept-revocations.ts";
import { type MemoryState, memoryState } from "./memory.ts";
import type { RevocationQuery } from "./revocation.ts";

const LOG = "https://revocations.acme.example";
const AS = { issuer: ISSUER, kid: "k1" };
const FULL = process.env["HOPWISE_RUNS"] === "full";

let world: World;
let partner: World;
let root: string;
let child: string;
let grandchild: string;
beforeAll(async () => {
  [world, partner] = [await createWorld(), await createWorld()];
  root = await world.root();
  child = `${root}~${await world.child(root)}`;
  grandchild = `${child}~${await world.grandchild(child)}`;
});

let now = NOW;
let state: MemoryState;
let told: RevocationAnswer[];
beforeEach(() => {
  now = NOW;
  state = memoryState({ since: 0, clock: () => now * 1000 });
  told = [];
});

function desk(changed: Partial<AcceptOptions> = {}): ReturnType<typeof acceptRevocations> {
  return acceptRevocations({
    trust: [world.anchor, { ...partner.anchor, issuer: "https://id.partner.example" }],
    audience: LOG,
    state,
    clock: () => now * 1000,
    onAnswer: (answer) => told.push(answer),
    ...changed,
  });
}

const sign = async (
  signer: Signer,
  of: RevocationOf | string,
  more: { readonly as?: typeof AS; readonly audience?: string } = {},
): Promise<SignedRevocation> =>
  signRevocation({
    signer,
    of: typeof of === "string" ? { delegation: await parseDelegation(of) } : of,
    audience: LOG,
    clock: () => now * 1000,
    ...more,
  });

const leafOf = (chain: string): string => chain.split("~").at(-1) as string;
const chainQuery = async (chain: string): Promise<RevocationQuery> => ({
  tokens: (await Promise.all(chain.split("~").map(hashOf))) as never,
  keys: [],
  agents: ["planner", "researcher"],
  user: { issuer: ISSUER, subject: "alice" },
  issuedAt: NOW,
});
const isRevoked = async (chain: string): Promise<boolean> =>
  (await state.revocations.find(await chainQuery(chain))) !== undefined;

describe("a signed revocation", () => {
  it("stands in the log under its statement's hash, by whom, until its token has expired everywhere", async () => {
    const sent = await sign(world.planner, child);
    expect(await desk()(sent)).toEqual({
      outcome: "revoked",
      target: { token: await hashOf(leafOf(child)) },
      by: { agent: "planner", hop: 1 },
    });
    expect(await state.revocations.list()).toEqual([
      {
        id: await hashOf(sent.revocation),
        atSeconds: NOW,
        target: { token: await hashOf(leafOf(child)) },
        untilSeconds: NOW + 3600 + 30,
        by: { agent: "planner", hop: 1 },
        countsFor: [`below ${await hashOf(root)}`, `root ${await hashOf(root)}`],
      },
    ]);
    expect([await isRevoked(root), await isRevoked(child), await isRevoked(grandchild)]).toEqual([false, true, true]);
  });

  it.each<[string, RevocationOf, object]>([
    ["a user", { user: "alice", notBefore: NOW }, { user: { issuer: ISSUER, subject: "alice" }, notBefore: NOW }],
    ["a key", { key: "A".repeat(43) }, { key: "A".repeat(43), issuer: ISSUER }],
    ["an agent", { agent: "planner" }, { agent: "planner", issuer: ISSUER }],
  ])("of %s is an issuer's, in its own chains alone", async (_, of, target) => {
    expect(await desk()(await sign(world.issuer, of, { as: AS }))).toMatchObject({ target, by: { issuer: ISSUER } });
    const foreign = { ...(await chainQuery(root)), user: { issuer: "https://id.partner.example", subject: "alice" } };
    expect(await state.revocations.find({ ...foreign, keys: ["A".repeat(43) as never] })).toBeUndefined();
  });

  it("counts once, also after the operator lifted it", async () => {
    const sent = await sign(world.planner, child);
    const accept = desk();
    await accept(sent);
    expect(await refusalOf(accept(sent))).toBe("proof_replayed");
    await state.revocations.lift({ token: (await hashOf(leafOf(child))) as never });
    expect(await refusalOf(desk()(sent))).toBe("proof_replayed");
    expect(await isRevoked(child)).toBe(false);
    // Its signer may say it again.
    expect((await accept(await sign(world.planner, child))).outcome).toBe("revoked");
    expect(await isRevoked(child)).toBe(true);
  });

  it("of two at the same moment one is used", async () => {
    const sent = await sign(world.planner, child);
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => desk()(sent)));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("that says nothing new is not written again, and what an operator revoked longer is not either", async () => {
    const accept = desk();
    await accept(await sign(world.planner, child));
    expect((await accept(await sign(world.researcher, child))).outcome).toBe("known");
    expect((await accept(await sign(world.planner, child))).outcome).toBe("known");
    await state.revocations.revoke({ token: (await hashOf(leafOf(grandchild))) as never });
    expect((await accept(await sign(world.researcher, grandchild))).outcome).toBe("known");
    expect(await state.revocations.list()).toHaveLength(2);
    const user = async (notBefore: number) =>
      (await accept(await sign(world.issuer, { user: "alice", notBefore }, { as: AS }))).outcome;
    expect([await user(NOW - 5), await user(NOW - 9), await user(NOW)]).toEqual(["revoked", "known", "revoked"]);
  });

  it("of a token that has expired for everybody is not written; within the skew it is", async () => {
    now = NOW + 3600 + 29;
    expect((await desk()(await sign(world.planner, child))).outcome).toBe("revoked");
    expect(state.revocations.list()).toHaveLength(1);
    now = NOW + 3600 + 30;
    expect((await desk()(await sign(world.planner, grandchild))).outcome).toBe("expired");
    now = NOW;
    expect(state.revocations.list()).toHaveLength(1);
  });
});

describe("nothing is revoked, and the operator is told, where", () => {
  const attacks: [string, () => Promise<SignedRevocation>, string][] = [
    [
      "a stranger signs",
      async () => {
        const { revocation } = await forgedBy(world.mallory, child);
        return { revocation, evidence: child };
      },
      "revocation_refused /jkt",
    ],
    [
      "a holder names the token above its own",
      async () => ({ revocation: (await forgedBy(world.researcher, root)).revocation, evidence: child }),
      "revocation_refused /target/token",
    ],
    [
      "a holder shows the chain above its own token only",
      async () => forgedBy(world.researcher, root),
      "revocation_refused /jkt",
    ],
    ["it is meant for another log", () => sign(world.planner, child, { audience: PAY }), "audience_mismatch /aud"],
    [
      "another issuer names this one's user",
      async () => sign(partner.issuer, { user: "alice", notBefore: NOW }, { as: AS }),
      "token_untrusted_issuer /iss",
    ],
    [
      "an agent names a user",
      async () => forgedTarget({ user: "alice", not_before: NOW }),
      "revocation_refused /target",
    ],
    ["an agent names an agent", async () => forgedTarget({ agent: "planner" }), "revocation_refused /target"],
    ["an agent names a key", async () => forgedTarget({ key: "A".repeat(43) }), "revocation_refused /target"],
    [
      "it has lapsed",
      async () => {
        const sent = await sign(world.planner, child);
        now = NOW + 31;
        return sent;
      },
      "token_expired /iat",
    ],
    ["it is nothing", async () => undefined as never, "token_malformed"],
  ];

  it.each(attacks)("%s", async (_, make, code) => {
    const sent = await make();
    expect(await refusalOf(desk()(sent))).toBe(code);
    expect(told).toEqual([{ outcome: "refused", error: expect.objectContaining({ code: code.split(" ")[0] }) }]);
    expect(state.revocations.list()).toEqual([]);
  });

  it("the same is used up by another: who that was is told", async () => {
    const sent = await sign(world.planner, child);
    await desk()(sent);
    await refusalOf(desk()(sent));
    expect(told.at(-1)).toMatchObject({ outcome: "refused", by: { agent: "planner", hop: 1 } });
  });

  it("a listener that throws changes nothing", async () => {
    const onAnswer = () => {
      throw new Error("hunter2");
    };
    expect((await desk({ onAnswer })(await sign(world.planner, child))).outcome).toBe("revoked");
  });

  it("the memory began after it was made, or noticed only then that it lost what it knew", async () => {
    const sent = await sign(world.planner, child);
    const young = memoryState({ since: (NOW + 0.5) * 1000, clock: () => now * 1000 });
    expect(await refusalOf(desk({ state: young })(sent))).toBe("token_expired /iat");
    let notBefore = 0;
    const replay = {
      claim: () => {
        notBefore = NOW + 1;
        return true;
      },
      get notBefore() {
        return notBefore;
      },
    };
    expect(await refusalOf(desk({ state: { replay, revocations: state.revocations } })(sent))).toBe("proof_replayed");
    expect(state.revocations.list()).toEqual([]);
  });

  it("the store hangs, fails, or has no room", async () => {
    const sent = await sign(world.planner, child);
    const claims = [
      () => new Promise<never>(() => {}),
      () => Promise.reject(new Error("hunter2")),
      () => {
        throw new Error("hunter2");
      },
    ];
    for (const claim of claims) {
      const broken = { replay: { claim }, revocations: state.revocations };
      const error = await errorOf(desk({ state: broken, deadlineMs: 20 })(sent));
      expect(error.code).toBe("state_unavailable");
      expect(error.message).not.toContain("hunter2");
    }
    await state.close();
    expect(await refusalOf(desk()(sent))).toBe("state_unavailable");
  });
});

describe("nobody fills the log", () => {
  const most = 20;

  it(
    "with children: beyond the bound their maker's own token is revoked, and memory stays as it is",
    async () => {
      const children = FULL ? 1_000_000 : 200;
      const accept = desk({ mostBelowOne: most });
      const outcomes: { [outcome: string]: number } = {};
      const sibling = await siblings();
      for (let i = 0; i < children; i++) {
        // Time goes on, as it does while so many are signed.
        now = NOW + i / 1000;
        const { outcome } = await accept(await sign(world.planner, await sibling(i)));
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      }
      expect(outcomes).toEqual({ revoked: most + 1, known: expect.any(Number) });
      expect(state.revocations.list()).toHaveLength(most + 1);
      expect(state.revocations.list({ token: (await hashOf(root)) as never })).toMatchObject([
        { by: { agent: "planner", hop: 1 }, reason: expect.stringContaining(`more than ${most}`) },
      ]);
      expect(await isRevoked(root)).toBe(true);
    },
    FULL ? 7_200_000 : 60_000,
  );

  it("a revocation of the token above does not swallow what is said of those below: it may be lifted", async () => {
    await state.revocations.revoke({ token: (await hashOf(root)) as never });
    await desk({ mostBelowOne: most })(await sign(world.planner, child));
    await state.revocations.lift({ token: (await hashOf(root)) as never });
    expect([await isRevoked(root), await isRevoked(child)]).toEqual([false, true]);
  });

  it("lifted and ended ones are not counted", async () => {
    const accept = desk({ mostBelowOne: 1 });
    await accept(await sign(world.planner, child));
    await state.revocations.lift({ token: (await hashOf(leafOf(child))) as never });
    const sibling = await siblings();
    await accept(await sign(world.planner, await sibling(1)));
    expect(await isRevoked(root)).toBe(false);
    await accept(await sign(world.planner, await sibling(2)));
    expect(await isRevoked(root)).toBe(true);
  });

  it("by agents that make tokens for themselves: a root has a bound, and its holder is not kept from revoking", async () => {
    const accept = desk({ mostBelowOne: 1 });
    const sibling = await siblings();
    for (let i = 0; i < 10; i++) {
      expect((await accept(await sign(world.researcher, await sibling(i)))).outcome).toBe("revoked");
    }
    expect(await refusalOf(accept(await sign(world.researcher, await sibling(10))))).toBe("state_unavailable");
    expect(told.at(-1)).toMatchObject({ outcome: "refused", by: { agent: "researcher", hop: 2 } });
    expect((await accept(await sign(world.planner, await sibling(10)))).outcome).toBe("revoked");
    expect(await isRevoked(await sibling(10))).toBe(true);
  });

  it("an issuer has a share; another one's is its own", async () => {
    const accept = desk({ mostOfIssuer: 2 });
    const agent = (name: string) => sign(world.issuer, { agent: name }, { as: AS });
    await accept(await agent("a"));
    await accept(await agent("b"));
    expect((await accept(await agent("a"))).outcome).toBe("known");
    expect(await refusalOf(accept(await agent("c")))).toBe("state_unavailable");
    expect((await accept(await sign(world.planner, child))).outcome).toBe("revoked");
  });
});

/** Chains of two tokens, of which each second one is another. */
async function siblings(): Promise<(i: number) => Promise<string>> {
  return async (i) => {
    const jti = Buffer.from(`sibling ${String(i).padStart(8, "0")}`).toString("base64url");
    return `${root}~${await world.child(root, { jti })}`;
  };
}

async function forgedBy(signer: Signer, target: string): Promise<SignedRevocation> {
  const revocation = await statement(signer, { token: await hashOf(leafOf(target)) });
  return { revocation, evidence: target };
}

async function forgedTarget(target: object): Promise<SignedRevocation> {
  return { revocation: await statement(world.planner, target), evidence: child };
}

async function statement(signer: Signer, target: object): Promise<string> {
  const jkt = await thumbprintOf(signer.publicJwk);
  const iss = `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${jkt}`;
  const claims = { aud: LOG, hw: 1, hw_ms: 0, iat: NOW, iss, jti: JTI, target };
  return forge({ alg: "Ed25519", typ: "hw-revoke+jwt", jkt }, canonicalJson(claims as never), signer);
}
