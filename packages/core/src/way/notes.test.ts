import { beforeAll, describe, expect, it } from "vitest";
import type { Decided } from "../decision/index.ts";
import { HopwiseError } from "../errors.ts";
import { createUserIds } from "../principal/index.ts";
import { allowedOf, decidedOf as decidedBy, deniedOf, type Notes } from "./notes.ts";
import { ALICE, createScene, type Scene } from "./point.fixture.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const nothing: Notes = { received: { id: 1 }, verified: false, origins: [], verdicts: [], kept: [] };
const call = { invocation: "one", time: "now", tool: "send_payment", timings: { total: 1 } };
const decided: Decided = { ...call, verdicts: [] };
const hops = [{ kind: "user", id: "u-17" } as const];
const decidedOf = (notes: Notes, of: typeof call): Decided =>
  decidedBy(notes, { userIds: createUserIds([ALICE.issuer], {}) }, of);

describe("what every answer says", () => {
  it("has no member for what was not found out", () => {
    expect(decidedOf(nothing, call)).toStrictEqual(decided);
  });

  it("has what was noted", () => {
    const asked = { kind: "payment", action: "send" };
    const origins = [{ of: "u-17", source: "users", ageMs: 0 }];
    const verdicts = [{ hop: 0, kind: "user", id: "u-17", effect: "allow", reasons: [] }] as const;
    expect(decidedOf({ ...nothing, asked, origins, verdicts }, call)).toStrictEqual({
      ...decided,
      asked,
      context: origins,
      verdicts,
    });
  });

  it("names the hops by the root's own words, until the directory has given the user an id", () => {
    const caller = { user: ALICE, chain: scene.chain };
    const chain = (notes: Partial<Notes>) => decidedOf({ ...nothing, caller, ...notes }, call).chain;
    expect(chain({})).toStrictEqual({
      id: scene.chain.id,
      issuer: ALICE.issuer,
      hops: [
        { kind: "user", id: "alice" },
        { kind: "agent", id: "agent:planner" },
        { kind: "agent", id: "agent:researcher" },
      ],
    });
    const known = { id: scene.chain.id, issuer: ALICE.issuer, hops };
    expect(chain({ hops, hasOwnId: true })).toStrictEqual({ ...known, subject: "alice" });
    expect(chain({ hops, hasOwnId: false })).toStrictEqual(known);
  });

  it("says what the last token may spend", () => {
    const budget = { id: "b", from: 0, until: 60, calls: 1 };
    const [first, last] = scene.chain.links;
    const of = (...links: readonly object[]) =>
      decidedOf({ ...nothing, caller: { user: ALICE, chain: { ...scene.chain, links } as never } }, call).chain?.budget;
    expect(of({ ...first, budget: { ...budget, calls: 5 } }, { ...last, budget })).toEqual(budget);
    expect(of({ ...first, budget }, { ...last })).toBeUndefined();
    expect(of({ ...first, budget })).toEqual(budget);
  });

  it("names a user without agents only once the directory knows them", () => {
    const caller = { user: ALICE, chain: undefined };
    expect(decidedOf({ ...nothing, caller }, call)).not.toHaveProperty("chain");
    expect(decidedOf({ ...nothing, caller, hops, hasOwnId: true }, call).chain).toStrictEqual({
      issuer: ALICE.issuer,
      subject: "alice",
      hops,
    });
  });
});

describe("a denial", () => {
  it("has what is true of its code, and everything that its refusal says", () => {
    const detail = { hop: 1, pointer: "/amount", rule: "at most 1000", wouldPass: { grantableBy: 0 } };
    const refusal = new HopwiseError("grant_argument_refused", "too much", detail);
    expect(deniedOf(decided, refusal)).toStrictEqual({
      ...decided,
      outcome: "denied",
      code: "grant_argument_refused",
      stage: "grant",
      message: "too much",
      ...detail,
      retryable: false,
    });
  });

  it("may be retried where its code says so", () => {
    const refusal = new HopwiseError("policy_unavailable", "away");
    expect(deniedOf(decided, refusal)).toMatchObject({ stage: "policy", retryable: true });
  });
});

describe("an allowance", () => {
  it("says for whom its tool runs, in objects of its own, deeply frozen", () => {
    const user = { ...ALICE, token: "eyJ" };
    const notes = { ...nothing, caller: { user, chain: scene.chain } };
    const { caller } = allowedOf(
      decidedOf({ ...notes, hops: [...hops, { kind: "agent", id: "agent:planner" }] }, call),
      notes,
      {},
    );
    expect(caller).toStrictEqual({
      user: { ...ALICE, id: "u-17" },
      agents: ["planner", "researcher"],
      hops: [...hops, { kind: "agent", id: "agent:planner" }],
      chain: scene.chain.id,
      tenant: ALICE.issuer,
    });
    for (const part of [caller, caller?.user, caller?.agents, caller?.hops, caller?.hops[0]]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    const alone = { ...nothing, caller: { user: ALICE, chain: undefined } };
    expect(allowedOf(decidedOf({ ...alone, hops }, call), alone, {}).caller).toMatchObject({
      agents: [],
      chain: undefined,
    });
  });

  it("names nobody for whom its tool runs, where that is not known", () => {
    const notes = { ...nothing, caller: { user: ALICE, chain: scene.chain }, hops };
    for (const [known, isKnown] of [
      [notes, false],
      [{ ...nothing, hops }, true],
      [{ ...nothing, caller: { user: ALICE, chain: undefined } }, true],
    ] as const) {
      expect(allowedOf(decidedOf(known, call), known, { isKnown })).not.toHaveProperty("caller");
    }
  });

  it("has the arguments that were parsed, or those that came", () => {
    expect(allowedOf(decided, nothing, {})).toStrictEqual({ ...decided, outcome: "allowed", arguments: { id: 1 } });
    expect(allowedOf(decided, { ...nothing, parsed: { id: 2 } }, {}).arguments).toEqual({ id: 2 });
  });

  it("says that the arguments were projected only where they were", () => {
    expect(allowedOf(decided, nothing, { projected: true })).toHaveProperty("projected", true);
    expect(allowedOf(decided, nothing, { projected: false })).not.toHaveProperty("projected");
  });

  it("has the obligations that change results, and no others", () => {
    const obligations = { redact: ["/iban"], limit: {} };
    expect(allowedOf(decided, nothing, { obligations })).toHaveProperty("obligations", obligations);
    for (const idle of [
      { redact: [], limit: {} },
      { redact: [], limit: {}, approval: "boss" },
    ]) {
      expect(allowedOf(decided, nothing, { obligations: idle })).not.toHaveProperty("obligations");
    }
  });
});
