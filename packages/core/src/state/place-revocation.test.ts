/** What one signer may write in the log, and what no signer may. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { errorOf, hashOf, NOW } from "../world.fixture.ts";
import { AS, type Chains, createChains, type Log, leafHash } from "./accept-revocations.fixture.ts";

const FULL = process.env["HOPWISE_RUNS"] === "full";

let chains: Chains;
beforeAll(async () => {
  chains = await createChains();
});
let log: Log;
beforeEach(() => {
  log = chains.log();
});

describe("nobody fills the log", () => {
  const most = 20;

  it(
    "with children: beyond the bound their maker's own token is revoked, and memory stays as it is",
    async () => {
      const children = FULL ? 1_000_000 : 200;
      const accept = log.desk({ mostBelowOne: most });
      const outcomes: { [outcome: string]: number } = {};
      for (let i = 0; i < children; i++) {
        // Time goes on, as it does while so many are signed.
        log.now = NOW + i / 1000;
        const { outcome } = await accept(await log.sign(chains.world.planner, await sibling(i)));
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      }
      expect(outcomes).toEqual({ revoked: most + 1, known: expect.any(Number) });
      expect(log.state.revocations.list()).toHaveLength(most + 1);
      expect(log.state.revocations.list({ token: (await hashOf(chains.root)) as never })).toMatchObject([
        { by: { agent: "planner", hop: 1 }, reason: expect.stringContaining(`more than ${most}`) },
      ]);
      expect(await log.isRevoked(chains.root)).toBe(true);
    },
    FULL ? 7_200_000 : 60_000,
  );

  it("a revocation of the token above does not swallow what is said of those below: it may be lifted", async () => {
    await log.state.revocations.revoke({ token: (await hashOf(chains.root)) as never });
    await log.desk({ mostBelowOne: most })(await log.sign(chains.world.planner, chains.child));
    await log.state.revocations.lift({ token: (await hashOf(chains.root)) as never });
    expect([await log.isRevoked(chains.root), await log.isRevoked(chains.child)]).toEqual([false, true]);
  });

  it("lifted and ended ones are not counted", async () => {
    const accept = log.desk({ mostBelowOne: 1 });
    await accept(await log.sign(chains.world.planner, chains.child));
    await log.state.revocations.lift({ token: (await leafHash(chains.child)) as never });
    await accept(await log.sign(chains.world.planner, await sibling(1)));
    expect(await log.isRevoked(chains.root)).toBe(false);
    await accept(await log.sign(chains.world.planner, await sibling(2)));
    expect(await log.isRevoked(chains.root)).toBe(true);
  });

  it("by agents that make tokens for themselves: a chains.root has a bound, and its holder is not kept from revoking", async () => {
    const accept = log.desk({ mostBelowOne: 2 });
    for (let i = 0; i < 20; i++) {
      expect((await accept(await log.sign(chains.world.researcher, await sibling(i)))).outcome).toBe("revoked");
    }
    expect(await errorOf(accept(await log.sign(chains.world.researcher, await sibling(20))))).toMatchObject({
      code: "state_unavailable",
      message: "more than 20 living revocations below one root: have the root revoked instead",
    });
    expect(log.told.at(-1)).toMatchObject({ outcome: "refused", by: { agent: "researcher", hop: 2 } });
    expect((await accept(await log.sign(chains.world.planner, await sibling(20)))).outcome).toBe("revoked");
    expect(await log.isRevoked(await sibling(20))).toBe(true);
  });

  it("an issuer has a share; another one's is its own", async () => {
    const accept = log.desk({ mostOfIssuer: 2 });
    const agent = (name: string) => log.sign(chains.world.issuer, { agent: name }, { as: AS });
    await accept(await agent("a"));
    await accept(await agent("b"));
    expect((await accept(await agent("a"))).outcome).toBe("known");
    expect(await errorOf(accept(await agent("c")))).toMatchObject({
      code: "state_unavailable",
      message: "more than 2 living revocations of this issuer: revoke a user, a key or an agent instead",
    });
    expect((await accept(await log.sign(chains.world.planner, chains.child))).outcome).toBe("revoked");
    const as = { issuer: "https://id.partner.example", kid: "k1" };
    const partners = await log.sign(chains.partner.issuer, { agent: "a" }, { as });
    expect((await accept(partners)).outcome).toBe("revoked");
  });

  it("whoever revokes its own token takes no part of what it may revoke below it", async () => {
    const accept = log.desk();
    await accept(await log.sign(chains.world.researcher, chains.child));
    await accept(await log.sign(chains.world.planner, chains.root));
    const root = `root ${await hashOf(chains.root)}`;
    expect((await log.state.revocations.list()).map(({ countsFor }) => countsFor)).toEqual([[root], [root]]);
  });
});

describe("what is revoked already", () => {
  it("is written again where that ends sooner, or leaves out what was issued since", async () => {
    const accept = log.desk();
    await log.state.revocations.revoke({ token: (await leafHash(chains.child)) as never }, NOW + 60);
    const signed = async () => (await accept(await log.sign(chains.world.planner, chains.child))).outcome;
    expect([await signed(), await signed()]).toEqual(["revoked", "known"]);
    const user = async (notBefore: number) =>
      (await accept(await log.sign(chains.world.issuer, { user: "alice", notBefore }, { as: AS }))).outcome;
    expect([await user(NOW - 5), await user(NOW - 5), await user(NOW - 4)]).toEqual(["revoked", "known", "revoked"]);
    log.now += 1;
    expect(await user(NOW - 4)).toBe("known");
  });

  it("is written again where an operator said that it ends soon: what was acknowledged holds", async () => {
    const alice = { issuer: AS.issuer, subject: "alice" };
    await log.state.revocations.revoke({ user: alice, notBefore: NOW + 1 }, NOW + 60);
    const signed = await log.sign(chains.world.issuer, { user: "alice", notBefore: NOW + 1 }, { as: AS });
    expect((await log.desk()(signed)).outcome).toBe("revoked");
    log.now += 61;
    expect(await log.isRevoked(chains.root)).toBe(true);
  });
});

/** A chain of two tokens, of which each number has another second one. */
async function sibling(i: number): Promise<string> {
  const jti = Buffer.from(`sibling ${String(i).padStart(8, "0")}`).toString("base64url");
  return `${chains.root}~${await chains.world.child(chains.root, { jti })}`;
}
