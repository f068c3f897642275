import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { HopwiseError } from "../errors.ts";
import type { RevocationOf, SignedRevocation, Signer } from "../token/index.ts";
import { errorOf, hashOf, ISSUER, NOW, PAY, refusalOf } from "../world.fixture.ts";
import {
  AS,
  type Chains,
  createChains,
  forgedStatement,
  type Log,
  leafHash,
  queryOf,
} from "./accept-revocations.fixture.ts";
import { acceptRevocations } from "./accept-revocations.ts";
import { memoryState } from "./memory.ts";

let chains: Chains;
beforeAll(async () => {
  chains = await createChains();
});
let log: Log;
beforeEach(() => {
  log = chains.log();
});

describe("a signed revocation", () => {
  it("stands in the log under its statement's hash, by whom, until its token has expired everywhere", async () => {
    const sent = await log.sign(chains.world.planner, chains.child);
    const answer = {
      outcome: "revoked",
      target: { token: await leafHash(chains.child) },
      by: { agent: "planner", hop: 1 },
    };
    expect(await log.desk()(sent)).toEqual(answer);
    expect(log.told).toEqual([answer]);
    expect(await log.state.revocations.list()).toEqual([
      {
        id: await hashOf(sent.revocation),
        atSeconds: NOW,
        target: { token: await leafHash(chains.child) },
        untilSeconds: NOW + 3600 + 30,
        by: { agent: "planner", hop: 1 },
        countsFor: [`below ${await hashOf(chains.root)}`, `root ${await hashOf(chains.root)}`],
      },
    ]);
    expect([
      await log.isRevoked(chains.root),
      await log.isRevoked(chains.child),
      await log.isRevoked(chains.grandchild),
    ]).toEqual([false, true, true]);
  });

  it.each<[string, RevocationOf, object]>([
    ["a user", { user: "alice", notBefore: NOW }, { user: { issuer: ISSUER, subject: "alice" }, notBefore: NOW }],
    ["a key", { key: "A".repeat(43) }, { key: "A".repeat(43), issuer: ISSUER }],
    ["an agent", { agent: "planner" }, { agent: "planner", issuer: ISSUER }],
  ])("of %s is an issuer's, in its own chains alone", async (_, of, target) => {
    expect(await log.desk()(await log.sign(chains.world.issuer, of, { as: AS }))).toMatchObject({
      target,
      by: { issuer: ISSUER },
    });
    const foreign = {
      ...(await queryOf(chains.root)),
      user: { issuer: "https://id.partner.example", subject: "alice" },
    };
    expect(await log.state.revocations.find({ ...foreign, keys: ["A".repeat(43) as never] })).toBeUndefined();
  });

  it("counts once, also after the operator lifted it", async () => {
    const sent = await log.sign(chains.world.planner, chains.child);
    const accept = log.desk();
    await accept(sent);
    expect(await refusalOf(accept(sent))).toBe("proof_replayed");
    await log.state.revocations.lift({ token: (await leafHash(chains.child)) as never });
    expect(await refusalOf(log.desk()(sent))).toBe("proof_replayed");
    expect(await log.isRevoked(chains.child)).toBe(false);
    // Its signer may say it again.
    expect((await accept(await log.sign(chains.world.planner, chains.child))).outcome).toBe("revoked");
    expect(await log.isRevoked(chains.child)).toBe(true);
  });

  it("of two at the same moment one is used", async () => {
    const sent = await log.sign(chains.world.planner, chains.child);
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => log.desk()(sent)));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("that says nothing new is not written again, and what an operator revoked longer is not either", async () => {
    const accept = log.desk();
    await accept(await log.sign(chains.world.planner, chains.child));
    expect((await accept(await log.sign(chains.world.researcher, chains.child))).outcome).toBe("known");
    expect((await accept(await log.sign(chains.world.planner, chains.child))).outcome).toBe("known");
    await log.state.revocations.revoke({ token: (await leafHash(chains.grandchild)) as never });
    expect((await accept(await log.sign(chains.world.researcher, chains.grandchild))).outcome).toBe("known");
    expect(await log.state.revocations.list()).toHaveLength(2);
    const user = async (notBefore: number) =>
      (await accept(await log.sign(chains.world.issuer, { user: "alice", notBefore }, { as: AS }))).outcome;
    expect([await user(NOW - 5), await user(NOW - 9), await user(NOW)]).toEqual(["revoked", "known", "revoked"]);
  });

  it("of a token that has expired for everybody is not written; within the skew it is", async () => {
    log.now = NOW + 3600 + 29;
    expect((await log.desk()(await log.sign(chains.world.planner, chains.child))).outcome).toBe("revoked");
    expect(log.state.revocations.list()).toHaveLength(1);
    log.now = NOW + 3600 + 30;
    expect((await log.desk()(await log.sign(chains.world.planner, chains.grandchild))).outcome).toBe("expired");
    log.now = NOW;
    expect(log.state.revocations.list()).toHaveLength(1);
  });
});

describe("nothing is revoked, and the operator is told, where", () => {
  const attacks: [string, () => Promise<SignedRevocation>, string][] = [
    [
      "a stranger signs",
      async () => {
        const { revocation } = await forgedBy(chains.world.mallory, chains.child);
        return { revocation, evidence: chains.child };
      },
      "revocation_refused /jkt",
    ],
    [
      "a holder names the token above its own",
      async () => ({
        revocation: (await forgedBy(chains.world.researcher, chains.root)).revocation,
        evidence: chains.child,
      }),
      "revocation_refused /target/token",
    ],
    [
      "a holder shows the chain above its own token only",
      async () => forgedBy(chains.world.researcher, chains.root),
      "revocation_refused /jkt",
    ],
    [
      "it is meant for another log",
      () => log.sign(chains.world.planner, chains.child, { audience: PAY }),
      "audience_mismatch /aud",
    ],
    [
      "another issuer names this one's user",
      async () => log.sign(chains.partner.issuer, { user: "alice", notBefore: NOW }, { as: AS }),
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
        const sent = await log.sign(chains.world.planner, chains.child);
        log.now = NOW + 31;
        return sent;
      },
      "token_expired /iat",
    ],
    ["it is nothing", async () => undefined as never, "token_malformed"],
  ];

  it.each(attacks)("%s", async (_, make, code) => {
    const sent = await make();
    expect(await refusalOf(log.desk()(sent))).toBe(code);
    expect(log.told).toEqual([{ outcome: "refused", error: expect.objectContaining({ code: code.split(" ")[0] }) }]);
    expect(log.state.revocations.list()).toEqual([]);
  });

  it("the same is used up by another: who that was is told", async () => {
    const sent = await log.sign(chains.world.planner, chains.child);
    await log.desk()(sent);
    await refusalOf(log.desk()(sent));
    expect(log.told.at(-1)).toMatchObject({ outcome: "refused", by: { agent: "planner", hop: 1 } });
  });

  it("a listener that throws changes nothing", async () => {
    const onAnswer = () => {
      throw new Error("hunter2");
    };
    expect((await log.desk({ onAnswer })(await log.sign(chains.world.planner, chains.child))).outcome).toBe("revoked");
  });

  it("the memory began after it was made, or noticed only then that it lost what it knew", async () => {
    const sent = await log.sign(chains.world.planner, chains.child);
    const young = memoryState({ since: (NOW + 0.5) * 1000, clock: () => log.now * 1000 });
    expect(await refusalOf(log.desk({ state: young })(sent))).toBe("token_expired /iat");
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
    expect(await refusalOf(log.desk({ state: { replay, revocations: log.state.revocations } })(sent))).toBe(
      "proof_replayed",
    );
    expect(log.state.revocations.list()).toEqual([]);
  });

  it("the store hangs, fails, or has no room", async () => {
    const sent = await log.sign(chains.world.planner, chains.child);
    const claims = [
      () => new Promise<never>(() => {}),
      () => Promise.reject(new Error("hunter2")),
      () => {
        throw new Error("hunter2");
      },
    ];
    for (const claim of claims) {
      const broken = { replay: { claim }, revocations: log.state.revocations };
      const error = await errorOf(log.desk({ state: broken, deadlineMs: 20 })(sent));
      expect(error.code).toBe("state_unavailable");
      expect(error.message).not.toContain("hunter2");
    }
    await log.state.close();
    expect(await refusalOf(log.desk()(sent))).toBe("state_unavailable");
  });
});

it("a limit that is left undefined is the usual one, and no text is too long for none", async () => {
  const sent = { ...(await log.sign(chains.world.planner, chains.child)), revocation: "x".repeat(20_000) };
  for (const limits of [{}, { tokenBytes: undefined }]) {
    expect(await refusalOf(log.desk({ limits: limits as never })(sent))).toBe("token_too_large");
  }
});

describe("a signed revocation is used up", () => {
  const WINDOW = 30;
  const SKEW = 30;
  const claiming = (claim: (...given: unknown[]) => unknown, notBefore?: number) => ({
    replay: { claim: claim as never, ...(notBefore !== undefined && { notBefore }) },
    revocations: log.state.revocations,
  });

  it("under the name that its signer gave it, for whom its chain acts, for as long as it may be shown again", async () => {
    const claim = vi.fn(() => true);
    const sent = await log.sign(chains.world.planner, chains.child);
    await log.desk({ state: claiming(claim) })(sent);
    const name = expect.stringMatching(/^[\w-]{43}\.[\w-]{22}$/);
    const about = { madeAtSeconds: NOW, owner: `["${ISSUER}","alice"]`, root: await hashOf(chains.root) };
    expect(claim).toHaveBeenLastCalledWith(name, NOW + WINDOW + SKEW, { ...about, nowSeconds: NOW });
    log.now = NOW + 7;
    await log.desk({ state: claiming(claim) })(sent);
    expect(claim).toHaveBeenLastCalledWith(name, NOW + 7 + WINDOW + SKEW, { ...about, nowSeconds: NOW + 7 });
    log.now = NOW - 7;
    await log.desk({ state: claiming(claim), limits: { proofWindowSeconds: 60 } })(sent);
    expect(claim).toHaveBeenLastCalledWith(name, NOW + 60 + SKEW, { ...about, nowSeconds: NOW - 7 });
  });

  it("for its issuer, where that signed it", async () => {
    const claim = vi.fn(() => true);
    const sent = await log.sign(chains.world.issuer, { agent: "planner" }, { as: AS });
    await log.desk({ state: claiming(claim) })(sent);
    const about = { madeAtSeconds: NOW, nowSeconds: NOW, owner: JSON.stringify({ issuer: ISSUER }) };
    expect(claim.mock.lastCall?.at(2 as never)).toStrictEqual(about);
  });

  it("and says why it is not: it was used, or may have been, or its store did not answer or failed", async () => {
    const sent = await log.sign(chains.world.planner, chains.child);
    const messageOf = async (claim: () => unknown, notBefore?: () => number) => {
      const state = claiming(claim);
      if (notBefore !== undefined) Object.defineProperty(state.replay, "notBefore", { get: notBefore });
      return (await errorOf(log.desk({ state, deadlineMs: 20 })(sent))).message;
    };
    expect(await messageOf(() => false)).toBe("the revocation was used before; sign it anew");
    let since = 0;
    const losing = () => {
      since = NOW + 1;
      return true;
    };
    expect(await messageOf(losing, () => since)).toMatch(/^the revocation (?!was used before).+; sign it anew$/);
    const store = "the store of revocations";
    expect(await messageOf(() => new Promise(() => {}))).toBe(`${store} did not answer within 20 ms; sign it anew`);
    expect(await messageOf(() => Promise.reject(new Error("hunter2")))).toBe(`${store} failed; sign it anew`);
    await log.state.close();
    expect((await errorOf(log.desk()(sent))).message).toBe("the state in memory was closed");
    // Of an error, the code is believed where it is ours, and where a store may have it.
    for (const cause of [
      new HopwiseError("revocation_refused", "hunter2"),
      Object.assign(new Error("hunter2"), { code: "state_unavailable" }),
    ]) {
      const error = await errorOf(log.desk({ state: claiming(() => Promise.reject(cause)) })(sent));
      expect(error).toMatchObject({ code: "state_unavailable", message: `${store} failed; sign it anew`, cause });
    }
  });
});

it.each<[object, string, string]>([
  [{ trust: "all" }, "/trust", "trust must be"],
  [{ audience: "log" }, "/audience", "the log's name, an absolute URI, or a list of its names, at least one"],
  [{ audience: [] }, "/audience", "audience"],
  [{ state: {} }, "/state", "a state whose revocations can be written, as memoryState or openedState gave it"],
  [{ state: { replay: { claim: () => true }, revocations: {} } }, "/state", "whose revocations can be written"],
  [{ state: undefined }, "/state", "state is missing"],
  [{ mostBelowOne: 0 }, "/mostBelowOne", "1 to 100000"],
  [{ mostOfIssuer: 0 }, "/mostOfIssuer", "1 to 10000000"],
  [{ onAnswer: {} }, "/onAnswer", "a function that is told of each request"],
  [{ limits: 1 }, "/limits", "limits, such as"],
  [{ deadlineMs: 0 }, "/deadlineMs", "1 to 600000"],
  [{ clock: NOW }, "/clock", "clock"],
  [{ deadline: 5 }, "/deadline", 'did you mean "deadlineMs"?'],
])("revocations are not accepted with %j", async (changed, pointer, words) => {
  const error = await errorOf(() => log.desk(changed));
  expect(error).toMatchObject({ code: "config_invalid", pointer, message: expect.stringContaining(words) });
  expect(error.message).toMatch(/^acceptRevocations: /);
  const writable = { replay: {}, revocations: log.state.revocations };
  expect((await errorOf(() => log.desk({ state: writable as never }))).pointer).toBe("/state");
});

it("a log may have several names, and other bounds where nothing was said", async () => {
  const desk = log.desk({ audience: [PAY, "https://revocations.acme.example"] });
  expect((await desk(await log.sign(chains.world.planner, chains.child))).outcome).toBe("revoked");
  expect((await desk(await log.sign(chains.world.planner, chains.grandchild, { audience: PAY }))).outcome).toBe(
    "revoked",
  );
  const { trust, state } = { trust: [chains.world.anchor], state: log.state };
  const bare = acceptRevocations({ trust, audience: PAY, state, clock: () => log.now * 1000 });
  expect((await bare(await log.sign(chains.world.researcher, chains.grandchild, { audience: PAY }))).outcome).toBe(
    "known",
  );
});

async function forgedBy(signer: Signer, target: string): Promise<SignedRevocation> {
  const revocation = await forgedStatement(signer, { token: await leafHash(target) });
  return { revocation, evidence: target };
}

async function forgedTarget(target: object): Promise<SignedRevocation> {
  return { revocation: await forgedStatement(chains.world.planner, target), evidence: chains.child };
}
