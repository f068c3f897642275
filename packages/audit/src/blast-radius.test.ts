import { memoryAudit } from "@hopwise/core";
import type { DecisionRecord, TokenRecord } from "@hopwise/core/audit";
import { createCompany } from "@hopwise/core/testing";
import { thumbprintOf } from "@hopwise/core/tokens";
import { describe, expect, it } from "vitest";
import { type BlastRadius, blastRadius } from "./blast-radius.ts";
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

  it("leaves out what has expired, and what was revoked already", async () => {
    const dead = [...LOG, call("r2", ["planner"], { outcome: "denied", code: "revoked" }, "bob")];
    expect(namesOf(await ask({ agent: "planner" }, dead))).not.toContain("r2 planner");
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
