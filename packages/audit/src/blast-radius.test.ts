import { memoryAudit } from "@hopwise/core";
import type { DecisionRecord, TokenRecord } from "@hopwise/core/audit";
import type { RevocationKind, RevocationTarget } from "@hopwise/core/state";
import { createCompany } from "@hopwise/core/testing";
import { thumbprintOf } from "@hopwise/core/tokens";
import { describe, expect, it } from "vitest";
import { type BlastRadius, blastRadius, type Untold } from "./blast-radius.ts";
import { decision, outcome } from "./records.fixture.ts";

const NOW = 1_790_000_000;
const ISSUER = "https://id.acme.example";
const FULL = process.env["HOPWISE_RUNS"] === "full";
const hash = (name: string): never => name.padEnd(43, "-") as never;

/** A call of a chain: its root, and the agents below. */
function call(root: string, agents: readonly string[], changed: Partial<DecisionRecord> = {}, user = "alice") {
  const tokens = agents.map((agent, i): TokenRecord => {
    const name = i === 0 ? root : `${root}-${agent}`;
    return {
      hash: hash(name),
      jti: "",
      agent,
      key: hash(`key-${agent}`),
      issuedAt: NOW - 60,
      expiresAt: NOW + 600,
      tools: [],
    };
  });
  const hops = [{ kind: "user", id: user }, ...agents.map((name) => ({ kind: "agent", id: `agent:${name}` }))];
  return decision({ tokens, chain: { id: hash(root), issuer: ISSUER, hops: hops as never }, ...changed });
}

const LOG = [
  call("r1", ["planner"]),
  call("r1", ["planner", "researcher"], { outcome: "denied", code: "policy_denied" }),
  call("r1", ["planner", "clerk"]),
  call("r1", ["planner", "researcher"], { time: "2026-09-21T00:00:00.000Z" }),
  outcome(),
  call("r2", ["planner"], {}, "bob"),
  call("r3", ["writer"], {}, `iss:${ISSUER}#alice`),
  decision({ via: "user" }),
];

const user = (subject: string, issuer = ISSUER): RevocationTarget => ({ user: { issuer, subject }, notBefore: NOW });

/** Of each kind: one that records name, one that somebody mistyped, and what records cannot tell. */
const CANNOT_TELL: {
  readonly [Kind in RevocationKind]: {
    readonly known: RevocationTarget;
    readonly typed: RevocationTarget;
    readonly meant: readonly RevocationTarget[];
    readonly untold: readonly Untold[];
  };
} = {
  token: {
    known: { token: hash("r1-clerk") },
    typed: { token: hash("key-clerk") },
    meant: [{ key: hash("key-clerk") }],
    untold: [],
  },
  key: {
    known: { key: hash("key-clerk") },
    typed: { key: hash("r1-clerk") },
    meant: [{ token: hash("r1-clerk") }],
    untold: ["issuer_key"],
  },
  agent: {
    known: { agent: "researcher" },
    typed: { agent: "reseacher" },
    meant: [{ agent: "researcher" }],
    untold: [],
  },
  user: {
    known: user("bob"),
    // The issuer of the login, in the place of the one that signs chains.
    typed: user("bob", "https://login.acme.example"),
    meant: [user("bob")],
    untold: [],
  },
};

const namesOf = ({ chains }: BlastRadius): readonly string[] =>
  chains.map(({ id, agents }) => `${id.replaceAll("-", "")} ${agents.join(">")}`).sort();
const ask = (target: Parameters<typeof blastRadius>[0], records = LOG) =>
  blastRadius(target, records, { nowSeconds: NOW });

describe("the blast radius", () => {
  it.each<[string, Parameters<typeof blastRadius>[0], readonly string[]]>([
    ["a chain", { token: hash("r1") }, ["r1 planner", "r1 planner>clerk", "r1 planner>researcher"]],
    ["a token", { token: hash("r1-clerk") }, ["r1 planner>clerk"]],
    ["a key", { key: hash("key-researcher") }, ["r1 planner>researcher"]],
    ["an agent", { agent: "agent:planner" }, ["r1 planner", "r1 planner>clerk", "r1 planner>researcher", "r2 planner"]],
    ["an agent of another issuer", { agent: "planner", issuer: "https://other.example" }, []],
    [
      "a user",
      { user: { issuer: ISSUER, subject: "alice" }, notBefore: NOW },
      ["r1 planner", "r1 planner>clerk", "r1 planner>researcher", "r3 writer"],
    ],
    ["a user, before", { user: { issuer: ISSUER, subject: "alice" }, notBefore: NOW - 60 }, []],
    ["another issuer's user", { user: { issuer: "https://other.example", subject: "alice" }, notBefore: NOW }, []],
    ["what nobody has", { agent: "nobody" }, []],
  ])("of %s", async (_, target, chains) => {
    const found = await ask(target);
    expect([namesOf(found), found.decisions, found.isCut]).toEqual([chains, 7, false]);
  });

  it.each([
    ["entries in the place of their records", [{ record: LOG[0], file: "a" }]],
    ["objects of any kind", [{}]],
  ])("refuses %s, of which it would say that nothing ends", async (_, records) => {
    await expect(ask({ agent: "planner" }, records as never)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(/^blastRadius: records must be records of an audit log/),
    });
  });

  it("names itself where a target names nothing", async () => {
    await expect(ask({} as never)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(/^blastRadius: /),
    });
  });

  it("says whose chain, since when it was not seen, until when it would live, and how often it called", async () => {
    expect((await ask({ key: hash("key-researcher") })).chains).toEqual([
      {
        id: hash("r1"),
        leaf: hash("r1-researcher"),
        user: { issuer: ISSUER, id: "alice" },
        agents: ["planner", "researcher"],
        lastSeen: "2026-09-21T00:00:00.000Z",
        expiresAt: NOW + 600,
        calls: 2,
      },
    ]);
  });

  describe.each<[RevocationKind, (typeof CANNOT_TELL)[RevocationKind]]>(
    Object.entries(CANNOT_TELL) as [RevocationKind, (typeof CANNOT_TELL)[RevocationKind]][],
  )("of a %s", (_, { known, typed, meant, untold }) => {
    it("says what records cannot tell of it", async () => {
      for (const target of [known, typed]) expect((await ask(target)).untold).toEqual(["silent_chains", ...untold]);
    });

    it("says whether any record names it, of a living chain or not", async () => {
      expect(await ask(known)).toMatchObject({ isNamed: true, nearest: [] });
      expect(await blastRadius(known, LOG, { nowSeconds: NOW + 600 })).toMatchObject({ isNamed: true, chains: [] });
    });

    it("says what may have been meant where none does", async () => {
      expect(await ask(typed)).toMatchObject({ isNamed: false, chains: [], nearest: meant });
      expect(await ask(typed, [])).toMatchObject({ isNamed: false, nearest: [] });
    });
  });

  it("counts, of a key that may be an issuer's, the living chains of each issuer", async () => {
    const other = call("r9", ["planner"], {});
    const log = [
      ...LOG,
      { ...other, chain: { ...(other.chain as NonNullable<typeof other.chain>), issuer: "https://b.example" } },
    ];
    const dead = call("r3", ["writer"], { outcome: "denied", code: "revoked" });
    const issuers = async (target: RevocationTarget, records = log, most = 100) =>
      (await blastRadius(target, records, { nowSeconds: NOW, most })).issuers;
    const key = hash("key-issuer");
    const own = { issuer: ISSUER, chains: 5, isCut: false };
    expect(await issuers({ key })).toEqual([own, { issuer: "https://b.example", chains: 1, isCut: false }]);
    expect(await issuers({ key, issuer: ISSUER })).toEqual([own]);
    expect(await issuers({ key, issuer: ISSUER }, [...log, dead])).toEqual([{ ...own, chains: 4 }]);
    expect(await issuers({ key, issuer: ISSUER }, log, 3)).toEqual([{ ...own, chains: 3, isCut: true }]);
    expect(await issuers({ agent: "planner" })).toEqual([]);
  });

  it("knows a user by the subject, and not by an id that the directory gave to somebody", async () => {
    const { chain, ...rest } = call("r4", ["planner"], {}, "bob");
    const log = [{ ...rest, chain: { ...(chain as NonNullable<typeof chain>), subject: "ann" } } as DecisionRecord];
    const anns = await ask(user("ann"), log);
    expect([namesOf(anns), anns.isNamed]).toEqual([["r4 planner"], true]);
    expect(await ask(user("bob"), log)).toMatchObject({ isNamed: false, chains: [] });
  });

  it("leaves out what has expired, and what was revoked already", async () => {
    const dead = [...LOG, call("r2", ["planner"], { outcome: "denied", code: "revoked" }, "bob")];
    expect(namesOf(await ask({ agent: "planner" }, dead))).not.toContain("r2 planner");
    // Where it was lifted since, it lives, so that it is counted.
    expect((await ask({ agent: "planner" }, dead)).revoked).toBe(1);
    const again = [...dead, call("r2", ["planner"], {}, "bob")];
    const anew = await ask({ agent: "planner" }, again);
    expect([anew.revoked, namesOf(anew)]).toEqual([0, expect.arrayContaining(["r2 planner"])]);
    const target = { agent: "planner" };
    expect((await blastRadius(target, LOG, { nowSeconds: NOW + 600 })).chains).toEqual([]);
  });

  it("holds no more chains than it may, and those that were seen last", async () => {
    const many = FULL ? 1_000_000 : 20_000;
    function* records() {
      for (let i = 0; i < many; i++) yield call(`r${i}`, ["planner"]);
    }
    const found = await blastRadius({ agent: "planner" }, records(), { nowSeconds: NOW, most: 100 });
    expect([found.chains.length, found.isCut, found.decisions]).toEqual([100, true, many]);
    expect(found.chains[0]?.id).toBe(hash(`r${many - 1}`));
  }, 600_000);

  it("is what dies: of calls that were really made, the same are denied afterwards", async () => {
    const company = await createCompany();
    const audit = memoryAudit();
    const authorizer = company.authorizer({ audit });
    const planner = await company.chain("alice", "planner");
    const researcher = await company.delegate(planner, "researcher");
    const chains = [planner, researcher];
    const callAll = async (): Promise<readonly string[]> => {
      const answers = [];
      for (const chain of chains) answers.push(await authorizer.call(chain, "send_payment", { to: "ACME", amount: 5 }));
      return answers.map((answer) => ("code" in answer ? answer.code : answer.outcome));
    };
    const before = await callAll();
    const target = { key: await thumbprintOf(company.keys["researcher"].publicJwk) };
    const found = await blastRadius(target, audit.records, { nowSeconds: company.clock() / 1000 });
    expect(found.chains.map(({ id, agents }) => [id, agents])).toEqual([[planner.id, ["planner", "researcher"]]]);
    authorizer.revocations.revoke(target);
    expect(await callAll()).toEqual([before[0], "revoked"]);
    expect(before).not.toContain("revoked");
    expect((await blastRadius(target, audit.records, { nowSeconds: company.clock() / 1000 })).chains).toEqual([]);
  });
});
